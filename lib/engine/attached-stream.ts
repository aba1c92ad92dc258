import { Duplex, type Transform } from 'node:stream';

import { receive } from './receive.js';

/**
 * Makes one stream of a connection that the engine upgraded: writing goes to the connection as it is, and ending closes that direction
 * only; reading goes through a transform. Destroying it closes the connection.
 *
 * @param what - the stream, as a noun phrase, for error messages.
 * @param signal - destroys the stream.
 */
export function attachedStream(
  connection: Duplex,
  through: Transform,
  what: string,
  signal: AbortSignal | undefined,
): Duplex {
  const readable = receive(connection, through, { what, silence: undefined, signal });
  return Duplex.from({ readable, writable: connection });
}
