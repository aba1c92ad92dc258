/**
 * The HTTP clients for Glance, Keystone, registries and web servers; the engine's client is in `engine/`. Errors
 * contain no secrets. For untrusted servers, `WebClient` and `limited` bound every answer in time and bytes, and
 * `followRedirects` restricts redirects. Their failures are `ImageSourceError`: the driver fetches only images from
 * untrusted servers. May import streams, common and interfaces. Never reads what it transfers.
 */
export { ConnectionBroken, ImageSourceError } from './exceptions.js';
export { connectionError, type HttpAnswer, HttpClient, type TlsOptions } from './http-client.js';
export { limited } from './limited.js';
export { followRedirects } from './redirects.js';
export { httpUrl, shownUrl } from './urls.js';
export { type WebAnswer, WebClient, type WebRequest } from './web-client.js';
