/**
 * The image service of OpenStack: Image API v2 and Keystone's Identity API v3 over HTTP. May import
 * image-services/shared, progress, http, streams, common and interfaces. Never sends image data twice, and never puts a
 * token into logs or errors.
 */
export { ImageServiceError, ImageServiceProtocolError } from './exceptions.js';
export { GlanceImageService } from './glance-image-service.js';
export { KeystoneLogin } from './keystone-login.js';
export type {
  ApplicationCredentialAuth,
  ContextTokenAuth,
  GlanceAuth,
  GlanceImageServiceOptions,
  GlanceTimeouts,
  PasswordAuth,
} from './options.js';
