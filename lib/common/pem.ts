import { readFileSync } from 'node:fs';
import { InvalidInput } from '../../interfaces/index.js';

/** Characters of the longest path and file name that Linux takes. */
const longestPath = 4096;
const longestName = 255;

/**
 * What is in a PEM file: a text with `-----BEGIN` and a Buffer are taken for its content, another text for its path.
 *
 * @param what - the file, as a noun phrase for messages.
 * @throws InvalidInput when the file cannot be read; it does not show a text that may be a key.
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
  const isShort = text.length <= longestPath && names.every((name) => name.length <= longestName);
  return isShort && !/[\p{Cc}]/u.test(text) && !/^[A-Za-z0-9+/]{64,}={0,2}$/.test(text);
}
