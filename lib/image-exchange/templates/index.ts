/**
 * Templates: images from a repository, a Dockerfile or a file, registered in the image service. Pulls and builds are
 * the engine's, under temporary names; what comes from addresses is fetched here. Imports the engine, the archives, the
 * web and the contracts; trusts no context of a build.
 */
export type { ArchiveSource } from './archive-source.js';
export type { DockerfileSource } from './dockerfile-source.js';
export { type ImageSource, ImageTemplates, type ImageTemplatesOptions } from './image-templates.js';
export type { RepositorySource } from './repository-source.js';
