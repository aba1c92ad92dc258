import type { AnswerHead } from './call.js';
import type { Capture } from './capture.js';
import { contentOf, decodeText, isArchive, jsonIfFaithful } from './content.js';
import type { Chunk, RecordedResponse } from './fixture.js';
import type { Scrubber } from './scrubbing.js';

/** The headers that a client may depend on; all others vary between runs or hosts. */
const keptHeaders = new Set([
  'api-version',
  'content-length',
  'content-type',
  'libpod-api-version',
  'location',
  'upgrade',
  'x-docker-container-path-stat',
]);

/** Converts the status line and headers of an answer to a fixture's form. */
export function recordHead(
  { status, rawHeaders }: AnswerHead,
  scrubber: Scrubber,
): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  rawHeaders.forEach((value, i) => {
    const name = (rawHeaders[i - 1] ?? '').toLowerCase();
    if (i % 2 === 1 && keptHeaders.has(name)) {
      headers[name] = scrubber.header(name, value);
    }
  });
  return { status, headers };
}

/**
 * Converts the body of an answer to a fixture's form: in one piece, unless the chunk borders have a meaning.
 *
 * @param positions - for a live answer: the number of later exchanges that had begun when each chunk arrived.
 */
export function recordAnswerBody(
  contentType: string | undefined,
  body: Capture,
  positions: readonly number[] | undefined,
  scrubber: Scrubber,
): Pick<RecordedResponse, 'body' | 'chunks'> {
  if (body.bytes === 0) {
    return {};
  }
  const pieces = scrubber.mask(body.chunks);
  if (positions !== undefined) {
    return {
      chunks: pieces.map((piece, i): Chunk => {
        const after = positions[i] ?? 0;
        return { ...contentOf(piece, contentType), ...(after > 0 && { after }) };
      }),
    };
  }
  const text = isArchive(contentType) ? undefined : decodeText(Buffer.concat(body.chunks));
  const json = text === undefined ? undefined : jsonIfFaithful(text);
  if (json !== undefined) {
    return { body: { json: scrubber.json(json) } };
  }
  const contents = pieces.map((piece) => contentOf(piece, contentType));
  const [only] = contents;
  return only !== undefined && contents.length === 1 ? { body: only } : { chunks: contents };
}
