import { readFileSync } from 'node:fs';
import { InvalidInput } from '../../interfaces/index.js';

/** Characters of the longest path that Linux takes. */
const longestPath = 4096;

/**
 * What is in a PEM file: a text with `-----BEGIN` and a Buffer are taken for its content, another text for its path.
 *
 * @param what - the file, as a noun phrase for messages.
 * @throws InvalidInput when the file cannot be read; it does not show a text that can be no path.
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
