import { InvalidInput } from '../../interfaces/index.js';

/**
 * Validates a URL.
 *
 * @throws InvalidInput when its scheme is not http or https, or when it contains a user name or a password, which would
 * end up in logs.
 */
export function httpUrl(address: string | URL): URL {
  const text = String(address);
  if (!URL.canParse(text)) throw new InvalidInput('The address is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new InvalidInput(`${shownUrl(url)} cannot be used: only http and https are supported`);
  if (url.username !== '' || url.password !== '')
    throw new InvalidInput(`${shownUrl(url)} cannot be used with a user name or a password in it`);
  return url;
}

/** A URL for messages: without query and credentials, which may be secret. */
export const shownUrl = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;
