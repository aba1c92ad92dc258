import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';

/**
 * Passes a stream through and fails at its end when its hash differs. The receiver must read or destroy the result.
 *
 * @param source - destroyed together with the result.
 * @param algorithm - a hash name of `node:crypto`.
 * @param expected - the expected hash in hexadecimal.
 * @param refused - creates the error from the hash that was found.
 */
export function verifiedStream(
  source: Readable,
  algorithm: string,
  expected: string,
  refused: (found: string) => Error,
): Readable {
  const hash = createHash(algorithm);
  const verified = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
    flush: (done) => {
      const found = hash.digest('hex');
      done(found === expected ? null : refused(found));
    },
  });
  return pipeline(source, verified, () => {
    // The reader of the result receives the error.
  });
}
