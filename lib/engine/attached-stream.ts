import { Duplex, type Transform } from 'node:stream';

import { brokenOff } from './errors.js';
import { receive } from './receive.js';

/**
 * Makes one stream of a connection that the engine upgraded: writing goes to the connection as it is, and ending closes
 * that direction only; reading goes through a transform. Destroying it closes the connection.
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
  const output = receive(connection, through, { what, silence: undefined, signal });
  // Not Duplex.from: destroying one of those without an error makes it fail with an AbortError.
  const stream = new Duplex({
    // When the output has ended, nobody is left to take input.
    allowHalfOpen: false,
    read: () => {
      output.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      connection.write(chunk, (error) => done(error ? brokenOff(error, what) : null));
    },
    final: (done) => {
      // Where the connection broke meanwhile, reading tells.
      if (connection.writable) connection.end(() => done());
      else done();
    },
    destroy: (error, done) => {
      output.destroy();
      connection.destroy();
      done(error);
    },
  });
  output.on('data', (chunk) => {
    if (!stream.push(chunk)) output.pause();
  });
  output.once('end', () => stream.push(null));
  output.once('error', (error) => stream.destroy(error));
  return stream;
}
