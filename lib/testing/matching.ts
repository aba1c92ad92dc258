import { compareJson, show } from './compare-json.js';
import type { Difference } from './compare-json.js';
import { jsonIfValid } from './content.js';
import type { Json, RecordedRequest, RequestBody } from './fixture.js';
import { matchText } from './tokens.js';
import type { TokenBindings } from './tokens.js';

/**
 * Lists the differences between a request and a recorded one; without any, the recorded answer applies. The order of
 * query parameters and JSON keys is ignored. Of the headers, only `upgrade` counts (and `content-type`, for a body of
 * which only the size is recorded).
 *
 * @param bindings - receives the random names that correspond.
 */
export function compareRequests(
  recorded: RecordedRequest,
  asked: RecordedRequest,
  bindings: TokenBindings,
): Difference[] {
  const before = splitPath(recorded.path);
  const now = splitPath(asked.path);
  return [
    ...compareJson(recorded.method, asked.method, 'method', bindings),
    ...compareJson(before.path, now.path, 'path', bindings),
    ...compareJson(before.query, now.query, 'query', bindings),
    ...compareJson(recorded.headers?.['upgrade'], asked.headers?.['upgrade'], 'headers.upgrade', bindings),
    ...compareBodies(recorded, asked, bindings),
  ];
}

function splitPath(pathAndQuery: string): { path: string; query: Record<string, Json> } {
  const start = pathAndQuery.indexOf('?');
  const path = start < 0 ? pathAndQuery : pathAndQuery.slice(0, start);
  const parameters = new URLSearchParams(start < 0 ? '' : pathAndQuery.slice(start));
  const query: Record<string, Json> = {};
  for (const name of parameters.keys()) {
    const values = parameters.getAll(name).map(structured);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return { path: decodePath(path), query };
}

/** A filter list in a query parameter is JSON. */
function structured(value: string): Json {
  return (/^[[{]/.test(value) ? jsonIfValid(value) : undefined) ?? value;
}

function decodePath(path: string): string {
  return path.replace(/(%[0-9a-f]{2})+/gi, (encoded) => {
    const decoded = Buffer.from(encoded.replaceAll('%', ''), 'hex').toString();
    return decoded.includes('\uFFFD') ? encoded : decoded;
  });
}

function compareBodies(
  { body: before, headers: headersBefore }: RecordedRequest,
  { body: now, headers: headersNow }: RecordedRequest,
  bindings: TokenBindings,
): Difference[] {
  const different = [{ where: 'body', recorded: describe(before), asked: describe(now) }];
  if (before === undefined || now === undefined) {
    return before === now ? [] : different;
  }
  if ('bytes' in before && before.complete === false) {
    // The client disconnected during this upload; a replay may receive more or less of it.
    return [];
  }
  if ('bytes' in now && now.complete === false) {
    return different;
  }
  if ('bytes' in before) {
    const typeBefore = mediaType(headersBefore);
    return compareJson(typeBefore, mediaType(headersNow), 'headers.content-type', bindings);
  }
  if ('json' in before && 'json' in now) {
    return compareJson(before.json, now.json, 'body', bindings);
  }
  if ('text' in before && 'text' in now) {
    return compareJson(before.text, now.text, 'body', bindings);
  }
  if ('base64' in before && 'base64' in now) {
    return matchText(latin1(before.base64), latin1(now.base64), bindings) ? [] : different;
  }
  return different;
}

function mediaType(headers: RecordedRequest['headers']): string | undefined {
  return headers?.['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

function latin1(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

function describe(body: RequestBody | undefined): string {
  if (body !== undefined && 'bytes' in body) {
    return `${body.bytes} bytes${body.complete === false ? ', broken off' : ''}`;
  }
  return show(body);
}
