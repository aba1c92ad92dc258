import { Duplex, type Transform } from 'node:stream';

import { brokenOff } from './errors.js';
import { receive } from './receive.js';

/**
 * Wraps an upgraded connection in a Duplex. Writes go to the connection unchanged, and `end()` closes only that
 * direction. Reads pass through a transform. Destroying the stream closes the connection.
 *
 * @param what - the stream, as a noun phrase for error messages.
 * @param signal - destroys the stream.
 */
export function attachedStream(
  connection: Duplex,
  through: Transform,
  what: string,
  signal: AbortSignal | undefined,
): Duplex {
  const output = receive(connection, through, { what, silence: undefined, signal });
  // Not Duplex.from: its streams fail with an AbortError when they are destroyed without an error.
  const stream = new Duplex({
    // A process that has closed its output reads no more input.
    allowHalfOpen: false,
    read: () => {
      output.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      connection.write(chunk, (error) => done(error ? brokenOff(error, what) : null));
    },
    final: (done) => {
      // If the connection broke, the read side reports the error.
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
