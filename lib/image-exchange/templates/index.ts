/**
 * Registers images from a repository, a Dockerfile or a file in the image service. The engine pulls and builds, under
 * temporary names; this process fetches URLs. It may import registry-client, images and the rooms below. It never
 * trusts a build context.
 */
export type { ArchiveSource } from './archive-source.js';
export type { DockerfileSource } from './dockerfile-source.js';
export { type ImageSource, ImageTemplates, type ImageTemplatesOptions } from './image-templates.js';
export type { RepositorySource } from './repository-source.js';
