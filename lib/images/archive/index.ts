/**
 * Image archives: read from anybody, verified, and rewritten so that an engine can be given them. It knows neither engines nor image services, writes
 * no file, and holds no more of an archive in memory than its metadata.
 */
export type { ContainerConfiguration, ImageConfiguration } from './image-configuration.js';
export { defaultImageLimits, type ImageLimits } from './limits.js';
export {
  rewriteArchive,
  type RewriteOptions,
  type RewrittenImage,
  type RewrittenLayer,
} from './rewrite-archive.js';
