/**
 * Moves images between the image service and the outside: templates (a repository, a Dockerfile, a file) and the
 * exchange with registries. It stands beside verbs and may import images and the rooms below. It never touches an
 * instance.
 */
export {
  type Platform,
  type PushedImage,
  RegistryExchange,
  type RegistryExchangeOptions,
  type RegistryPullOptions,
  type RegistryPushOptions,
} from './registry-client/index.js';
export {
  type ArchiveSource,
  type DockerfileSource,
  type ImageSource,
  ImageTemplates,
  type ImageTemplatesOptions,
  type RepositorySource,
} from './templates/index.js';
