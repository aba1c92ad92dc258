import { InvalidInput } from '../../interfaces/index.js';
import { ImageSourceError } from './exceptions.js';
import { httpUrl, shownUrl } from './urls.js';
import type { WebAnswer, WebClient, WebRequest } from './web-client.js';

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows at most five redirects. Refuses redirects from https to http and to other schemes, and
 * removes the `Authorization` header when a redirect leads to another origin.
 *
 * @throws ImageSourceError when a redirect breaks these rules. Errors of `WebClient.send` are passed on.
 */
export async function followRedirects(
  client: WebClient,
  request: WebRequest & { readonly method: 'GET' | 'HEAD' },
): Promise<WebAnswer> {
  let { url, headers = {} } = request;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await client.send({ ...request, url, headers });
    if (!redirects.has(answer.status)) return answer;
    answer.body.destroy();
    const next = target(url, answer);
    if (next.origin !== url.origin)
      headers = Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
      );
    url = next;
  }
  throw new ImageSourceError(`${shownUrl(request.url)} redirects more than ${maxRedirects} times`);
}

function target(from: URL, answer: WebAnswer): URL {
  const location = answer.header('location');
  const refused = (why: string, cause?: unknown): ImageSourceError =>
    new ImageSourceError(`${shownUrl(from)} redirects ${why}`, { status: answer.status, cause });
  if (location === undefined || !URL.canParse(location, from.href))
    throw refused('without a valid Location header');
  try {
    const url = httpUrl(new URL(location, from));
    if (from.protocol === 'https:' && url.protocol !== 'https:') throw refused('from https to http');
    return url;
  } catch (error) {
    if (error instanceof InvalidInput) throw refused('to an address that is not an http or https URL', error);
    throw error;
  }
}
