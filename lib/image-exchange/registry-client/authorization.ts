import { z } from 'zod';
import type { RegistryCredentials } from '../../engine/index.js';
import { readAll } from '../../streams/index.js';
import { parsedJson } from '../../common/index.js';
import {
  httpUrl,
  ImageSourceError,
  limited,
  shownUrl,
  type WebAnswer,
  type WebClient,
} from '../../http/index.js';

const maxTokenBytes = 1024 * 1024;
const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/**
 * Answers a registry's challenge (`WWW-Authenticate`) with the credentials themselves, or with a token that the token
 * server issues for them.
 *
 * @param refused - the response with the challenge. Its body is destroyed, unless the result is undefined.
 * @returns the `Authorization` header; undefined when the challenge cannot be answered.
 * @throws ImageSourceError when the challenge names no token server, the server is not safe for the credentials, or it
 * issues no token.
 */
export async function authorization(
  client: WebClient,
  refused: WebAnswer,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const challenge = refused.header('www-authenticate') ?? '';
  const basic =
    credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const isBearer = /^bearer\b/i.test(challenge);
  if (!isBearer && (basic === undefined || !/^basic\b/i.test(challenge))) return undefined;
  // No caller reads the body after this point.
  refused.body.destroy();
  if (!isBearer) return basic;
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']): [string, string] => [
      name,
      value,
    ]),
  );
  const url = realmOf(refused.url, parameters.get('realm') ?? '');
  if (refused.url.protocol === 'https:' && url.protocol !== 'https:')
    throw new ImageSourceError(`${shownUrl(refused.url)} asks for credentials over plain HTTP`);
  for (const name of ['service', 'scope']) {
    const value = parameters.get(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const headers: Record<string, string> = basic === undefined ? {} : { Authorization: basic };
  const answer = await client.send({ method: 'GET', url, headers, signal });
  const what = `the answer of ${shownUrl(url)}`;
  const content = await readAll(
    limited(answer.body, { what, maxBytes: maxTokenBytes, idle: client.idle, signal }),
    maxTokenBytes,
  );
  if (answer.status !== 200)
    throw new ImageSourceError(`${shownUrl(url)} returned no token (status ${answer.status})`, {
      status: answer.status,
    });
  const given = tokenAnswer.safeParse(parsedJson(content.toString('utf8')));
  const token = given.data?.token ?? given.data?.access_token;
  if (token === undefined) throw new ImageSourceError(`${shownUrl(url)} returned no token`);
  return `Bearer ${token}`;
}

function realmOf(registry: URL, realm: string): URL {
  try {
    return httpUrl(realm);
  } catch (cause) {
    throw new ImageSourceError(
      `${shownUrl(registry)} names no valid token server in its WWW-Authenticate header`,
      { cause },
    );
  }
}
