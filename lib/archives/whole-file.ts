import { blockSize, fileHeader, paddingAfter } from './tar-header.js';

/** A file of an archive that is written. */
export function* wholeFile(name: string, content: Buffer): Generator<Buffer, void, void> {
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}

/** What ends an archive: two blocks of zeros. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);
