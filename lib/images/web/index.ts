/**
 * HTTP with servers that nobody vouches for: redirects are followed by rule, whatever comes is bounded in time and in bytes, and no secret gets into an
 * error. Imports the leaves and the contracts; knows neither images nor registries.
 */
export { ImageSourceError } from './exceptions.js';
export { limited } from './limited.js';
export { followRedirects } from './redirects.js';
export { httpUrl, shownUrl } from './urls.js';
export { WebClient, type WebAnswer, type WebRequest } from './web-client.js';
