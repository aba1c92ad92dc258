import { readFileSync } from 'node:fs';
import { InvalidInput } from '../../interfaces/index.js';

/** The longest path and the longest file name that Linux accepts, in characters. */
const maxPathLength = 4096;
const maxNameLength = 255;

/**
 * Reads PEM content. A Buffer, or a string with `-----BEGIN`, is the content itself; any other string is a path.
 *
 * @param what - the file, as a noun phrase for messages.
 * @throws InvalidInput when the file cannot be read. The message omits a string that cannot be a path: it may be a key.
 */
export function pemContent(source: string | Buffer, what: string): Buffer {
  if (typeof source !== 'string') return source;
  if (source.includes('-----BEGIN')) return Buffer.from(source);
  if (!mayBePath(source))
    throw new InvalidInput(`${what} is neither a path nor PEM, which has a line with -----BEGIN`);
  try {
    return readFileSync(source);
  } catch (cause) {
    throw new InvalidInput(`${what} ${source} cannot be read`, { cause });
  }
}

/** A key without its `-----BEGIN`, or PEM in base64 once more, is one long word: no path looks so. */
function mayBePath(text: string): boolean {
  const names = text.split('/');
  const isShort = text.length <= maxPathLength && names.every((name) => name.length <= maxNameLength);
  return isShort && !/[\p{Cc}]/u.test(text) && !/^[A-Za-z0-9+/]{64,}={0,2}$/.test(text);
}
