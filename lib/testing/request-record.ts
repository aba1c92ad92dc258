import type { AskedRequest } from './call.js';
import type { Capture } from './capture.js';
import { contentOf, decodeText, isArchive, jsonIfValid } from './content.js';
import type { RecordedRequest, RequestBody } from './fixture.js';
import type { Scrubber } from './scrubbing.js';

/** The longest request body to keep, in bytes; of a longer one, only the size is recorded. */
export const requestBodyLimit = 64 * 1024;

const keptHeaders = ['content-type', 'upgrade', 'authorization', 'x-registry-auth', 'x-registry-config'];

/**
 * Converts a request to a fixture's form. The recorder and the replayer share it, so that their results are comparable.
 *
 * @param complete - whether the body was read to its end.
 */
export function recordRequest(
  asked: AskedRequest,
  body: Capture,
  complete: boolean,
  scrubber: Scrubber,
): RecordedRequest {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = asked.headers[name];
    if (typeof value === 'string') {
      headers[name] = scrubber.header(name, value);
    }
  }
  return {
    method: asked.method,
    path: scrubber.text(asked.path),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...bodyOf(headers['content-type'], body, complete, scrubber),
  };
}

function bodyOf(
  contentType: string | undefined,
  body: Capture,
  complete: boolean,
  scrubber: Scrubber,
): { body?: RequestBody } {
  if (!complete) {
    return { body: { bytes: body.bytes, complete } };
  }
  if (body.bytes === 0) {
    return {};
  }
  if (!body.whole || isArchive(contentType)) {
    return { body: { bytes: body.bytes } };
  }
  const whole = Buffer.concat(body.chunks);
  const text = decodeText(whole);
  if (text === undefined) {
    return { body: contentOf(whole, contentType) };
  }
  const json = jsonIfValid(text);
  return { body: json === undefined ? { text: scrubber.text(text) } : { json: scrubber.json(json) } };
}
