import { blockSize, paddingAfter, tarHeader } from '../../archives/index.js';
import type { Extent } from './archive-index.js';

/**
 * Passes on an archive that we wrote ourselves, and takes note of where its files lie.
 *
 * @param files - filled with the files' names and places, in the order of arrival.
 */
export async function* recordExtents(
  archive: AsyncIterable<Buffer>,
  files: Map<string, Extent>,
): AsyncGenerator<Buffer, void, void> {
  let header = Buffer.alloc(0);
  let position = 0;
  /** The first byte behind the last file. */
  let next = 0;
  for await (const chunk of archive) {
    yield chunk;
    const end = position + chunk.length;
    while (next + header.length < end) {
      const at = next + header.length - position;
      header = Buffer.concat([header, chunk.subarray(at, at + blockSize - header.length)]);
      if (header.length < blockSize) break;
      const { name, size } = tarHeader(header);
      if (name !== '') files.set(name, { offset: next + blockSize, size });
      next += blockSize + size + paddingAfter(size);
      header = Buffer.alloc(0);
    }
    position = end;
  }
}
