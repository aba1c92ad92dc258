import { InvalidInput, type ByteRange } from '../../../interfaces/index.js';

/**
 * The part of an image that a range means: an end past the end is the end, as in HTTP.
 *
 * @param size - of the image, in bytes.
 * @throws InvalidInput when the range is none or begins past the end.
 */
export function clip(range: ByteRange, size: number): ByteRange {
  const { first, last } = range;
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 0 || last < first) {
    throw new InvalidInput(`${first}–${last} is no range of bytes.`);
  }
  if (first >= size) throw new InvalidInput(`The range begins at byte ${first} of ${size}.`);
  return { first, last: Math.min(last, size - 1) };
}
