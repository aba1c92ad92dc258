import { MiB } from '../common/index.js';
import { EngineProtocolError, TruncatedStream, brokenOff } from './errors.js';

/**
 * The longest line of a stream, or element of a list, in bytes. Both repeat a container's labels, which earlier
 * versions of the driver let grow to 4 MiB in images; Go escapes some characters as six bytes.
 */
export const maxLineBytes = 64 * MiB;

const newline = 0x0a;

/**
 * Reads a stream of JSON values, one per line: the engine's format of progress and events. Lines are split at the
 * newline byte, which never occurs inside a multi-byte UTF-8 character, and decoded as a whole, so chunk borders do not
 * matter.
 *
 * @param source - the bytes; closed when the loop is left.
 * @param what - the stream, as a noun phrase for error messages.
 * @throws TruncatedStream when the stream breaks, or its last line is incomplete (only that line may lack the newline);
 * EngineProtocolError when a line is not JSON or exceeds {@link maxLineBytes}.
 */
export async function* jsonLines(
  source: AsyncIterable<unknown>,
  what: string,
): AsyncGenerator<unknown, void, void> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const take = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > maxLineBytes)
      throw new EngineProtocolError(`${what}: a line of more than ${maxLineBytes} bytes`);
    pieces.push(piece);
  };
  const line = (): string => {
    const text = Buffer.concat(pieces, length).toString('utf8').trim();
    pieces = [];
    length = 0;
    return text;
  };
  for await (const chunk of withBreaksNamed(source, what)) {
    let rest = chunk;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      take(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const text = line();
      if (text !== '')
        yield parse(text, (cause) => new EngineProtocolError(`${what}: a line is not JSON`, cause));
    }
    if (rest.length > 0) take(rest);
  }
  const last = line();
  if (last !== '') {
    yield parse(last, (cause) => new TruncatedStream(`${what} ended in the middle of a line`, cause));
  }
}

function parse(text: string, failure: (cause: unknown) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw failure(cause);
  }
}

async function* withBreaksNamed(
  source: AsyncIterable<unknown>,
  what: string,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of source) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError(`${what} yielded something other than bytes`);
      yield chunk;
    }
  } catch (error) {
    throw brokenOff(error, what);
  }
}
