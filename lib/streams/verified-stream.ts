import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';

/**
 * A stream that passes on another one and fails instead of ending when that is not what was meant. Its receiver must
 * read or destroy it.
 *
 * @param source - destroyed with it.
 * @param algorithm - a name that `node:crypto` knows.
 * @param expected - the hash, in hexadecimal.
 * @param refused - what it fails with, made of the hash that was found.
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
    // Whoever reads the last of them hears of a failure.
  });
}
