/**
 * HTTP, so that no secret gets into an error; and, for servers that nobody vouches for, within bounds: redirects are
 * followed by rule, and whatever comes is bounded in time and in bytes. Imports the leaves and the contracts; knows
 * neither images nor registries.
 */
export { ConnectionBroken, ImageSourceError } from './exceptions.js';
export { connectionError, type HttpAnswer, HttpClient, type TlsOptions } from './http-client.js';
export { limited } from './limited.js';
export { followRedirects } from './redirects.js';
export { httpUrl, shownUrl } from './urls.js';
export { type WebAnswer, WebClient, type WebRequest } from './web-client.js';
