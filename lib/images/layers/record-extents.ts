import { blockSize, paddingAfter, tarHeader } from '../../archives/index.js';
import type { Extent } from './archive-index.js';

/**
 * Passes an archive through and records where its files lie. The driver must have written the archive itself.
 *
 * @param files - receives the position of each file by name, in the order of the archive.
 */
export async function* recordExtents(
  archive: AsyncIterable<Buffer>,
  files: Map<string, Extent>,
): AsyncGenerator<Buffer, void, void> {
  let header = Buffer.alloc(0);
  let position = 0;
  /** Position of the next header. */
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
