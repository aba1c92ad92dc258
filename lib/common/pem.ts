import { readFileSync } from 'node:fs';
import { InvalidInput } from '../../interfaces/index.js';

/** The longest path that Linux accepts, in characters. */
const longestPath = 4096;

/**
 * Reads PEM content. A Buffer, or a string with `-----BEGIN`, is the content itself; any other string is a path.
 *
 * @param what - the file, as a noun phrase for messages.
 * @throws InvalidInput when the file cannot be read. The message omits a string that cannot be a path: it may be a key.
 */
export function pemContent(source: string | Buffer, what: string): Buffer {
  if (typeof source !== 'string') return source;
  if (source.includes('-----BEGIN')) return Buffer.from(source);
  if (source.length > longestPath || /[\p{Cc}]/u.test(source))
    throw new InvalidInput(`${what} is neither a path nor PEM, which has a line with -----BEGIN`);
  try {
    return readFileSync(source);
  } catch (cause) {
    throw new InvalidInput(`${what} ${source} cannot be read`, { cause });
  }
}
