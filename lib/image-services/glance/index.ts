/**
 * OpenStack's image service as an image service: Image API v2 and Keystone's Identity API v3 over HTTP. Imports
 * interfaces, streams, the web and what both image services share. Never sends data twice, never lets a token out of
 * its requests.
 */
export { ImageServiceError, ImageServiceProtocolError } from './exceptions.js';
export { GlanceImageService } from './glance-image-service.js';
export type {
  ApplicationCredentialAuth,
  ContextTokenAuth,
  GlanceAuth,
  GlanceImageServiceOptions,
  GlanceTimeouts,
  PasswordAuth,
} from './options.js';
