import { split } from 'shlex';
import { ImageUnacceptable } from '../../interfaces/index.js';

/** Bytes. Engines repeat a container's command in every list. */
const longest = 64 * 1024;

/**
 * Splits the image property `os_command_line` into a command and its arguments, as a POSIX shell would.
 *
 * @throws ImageUnacceptable when it is empty or a quote is not closed.
 */
export function commandLine(value: unknown): string[] {
  if (typeof value !== 'string') throw unusable(value, 'it is not text');
  if (Buffer.byteLength(value) > longest)
    throw new ImageUnacceptable(`The image's os_command_line has more than ${longest} bytes`);
  let words: string[];
  try {
    words = split(value);
  } catch (error) {
    throw unusable(value, 'a quote or a backslash is not closed', error);
  }
  if (words.length === 0) throw unusable(value, 'it is empty');
  if (value.includes('\0')) throw unusable(value, 'it has a NUL');
  return words;
}

function unusable(value: unknown, why: string, cause?: unknown): ImageUnacceptable {
  return new ImageUnacceptable(
    `The image's os_command_line ${JSON.stringify(value)} cannot be used: ${why}`,
    { cause },
  );
}
