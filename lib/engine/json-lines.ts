import { EngineProtocolError, TruncatedStream, brokenOff } from './errors.js';

/**
 * Bytes that a line may have, or an element of a list. Both repeat a container's labels, of which earlier versions of
 * the driver let images have 4 MiB; Go writes six bytes for some characters.
 */
export const longestLine = 64 * 1024 * 1024;

const newline = 0x0a;

/**
 * Reads a stream of JSON texts, one a line, as the engine sends progress and events. Lines are cut at the newline byte,
 * which is never part of a longer UTF-8 character, and decoded whole, so it does not matter where chunks end.
 *
 * @param source - the bytes; left when the loop is.
 * @param what - the stream, as a noun phrase, for error messages.
 * @throws TruncatedStream when the stream breaks off, or its last line, which alone may lack the newline, is
 * incomplete; EngineProtocolError when a line is not JSON or longer than {@link longestLine}.
 */
export async function* jsonLines(
  source: AsyncIterable<unknown>,
  what: string,
): AsyncGenerator<unknown, void, void> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const take = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > longestLine)
      throw new EngineProtocolError(`${what}: a line of more than ${longestLine} bytes`);
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
      if (!(chunk instanceof Uint8Array)) throw new TypeError(`${what} gave something other than bytes`);
      yield chunk;
    }
  } catch (error) {
    throw brokenOff(error, what);
  }
}
