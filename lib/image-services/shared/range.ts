import { InvalidInput, type ByteRange } from '../../../interfaces/index.js';

/**
 * Validates a range and shortens it to the end of the image, as HTTP does.
 *
 * @param size - of the image, in bytes.
 * @throws InvalidInput when the range is malformed or begins past the end of the image.
 */
export function clip(range: ByteRange, size: number): ByteRange {
  const { first, last } = range;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 0 || last < first) {
    throw new InvalidInput(`${first}–${last} is not a range of bytes.`);
  }
  if (first >= size) throw new InvalidInput(`The range begins at byte ${first} of ${size}.`);
  return { first, last: Math.min(last, size - 1) };
}
