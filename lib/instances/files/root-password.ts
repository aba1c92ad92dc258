import { encrypt } from 'unixcrypt';
import { InvalidInput } from '../../../interfaces/index.js';

const dayInMilliseconds = 86_400_000;

/**
 * Bytes; the limit of libcrypt. The limit also bounds the time of hashing, which grows faster than the password and
 * blocks the event loop.
 */
const maxPasswordBytes = 512;

/**
 * Sets root's password in the text of an `/etc/shadow`.
 *
 * @returns the new text; undefined when it has no line for root.
 * @throws InvalidInput when the password is too long.
 */
export function withRootPassword(shadow: string, password: string): string | undefined {
  if (Buffer.byteLength(password) > maxPasswordBytes)
    throw new InvalidInput(`The password is longer than the ${maxPasswordBytes} bytes allowed`);
  const lines = shadow.split('\n');
  const index = lines.findIndex((line) => line.startsWith('root:'));
  const line = lines[index];
  if (line === undefined) return undefined;
  const fields = line.split(':');
  fields[1] = encrypt(password);
  // Day of the last change; 0 would force a new password at the first login.
  fields[2] = String(Math.floor(Date.now() / dayInMilliseconds));
  return lines.with(index, fields.join(':')).join('\n');
}
