/** The public face of nova-docker-driver. */
export * from '../interfaces/index.js';
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './driver-options.js';
export type { EngineOptions, EngineTimeouts } from './engine/index.js';
export {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  EngineVersionUnsupported,
  TruncatedStream,
} from './engine/index.js';
export { DirectoryImageService, GlanceImageService } from './images/index.js';
export type { DirectoryImageServiceOptions, GlanceImageServiceOptions, ImageLimits } from './images/index.js';
export { DeadlineExceeded } from './streams/index.js';
