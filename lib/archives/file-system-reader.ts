import { ArchiveRefused, shown } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { Extensions, isExtension, paxRecord, paxRecords } from './extended-header.js';
import { longestExtendedHeader } from './limits.js';
import { blockSize, fileHeader, isTarHeader, paddingAfter, tarHeader, type TarHeader } from './tar-header.js';

/**
 * Something in a file system, as an engine packs it: its headers are kept as they came, so that what is not understood
 * here is not lost.
 */
export interface FileSystemEntry {
  /** Relative to the file system's root, without slashes at the ends; empty for the root itself. */
  readonly path: string;
  /** Of a hard link, the path of what it is the same as; of a symbolic link, what it says. */
  readonly target: string;
  readonly kind: 'directory' | 'hard link' | 'other';
  /** Bytes of its content. */
  readonly size: number;
  readonly headers: Buffer;
  /** Records of its extended header. */
  readonly records: readonly (readonly [key: string, record: Buffer])[];
}

/** Bytes of headers that one entry may have: they are held in memory. Archivers write one of each kind. */
const mostHeaders = 4 * longestExtendedHeader;

/**
 * Reads the archive of a file system from an engine, entry by entry, in constant memory, and gives its bytes as they
 * came.
 *
 * tar-stream does not do for this: it reads extended attributes as text, and what it writes is not what it read.
 */
export class FileSystemReader {
  readonly #bytes: ByteReader;
  readonly #extensions = new Extensions();
  #left = 0;
  #padding = 0;

  constructor(source: AsyncIterable<unknown>) {
    this.#bytes = new ByteReader(source);
  }

  /**
   * Goes to the next entry, passing over what was not read of the last one's content.
   *
   * @returns undefined at the end, when all of the source has been read.
   * @throws ArchiveRefused when it is not an archive of files.
   */
  async next(): Promise<FileSystemEntry | undefined> {
    await passOver(this.content());
    const headers: Buffer[] = [];
    let records: readonly (readonly [string, Buffer])[] = [];
    for (;;) {
      const block = await this.#read(blockSize);
      if (block.every((byte) => byte === 0)) {
        await passOver(this.#bytes.rest());
        return undefined;
      }
      if (!isTarHeader(block)) throw new ArchiveRefused('is damaged');
      headers.push(block);
      const header = tarHeader(block);
      if (!isExtension(header.typeflag)) return this.#begin(header, headers, records);
      const content = await this.#extension(header.size, headers);
      this.#extensions.take(header.typeflag, content);
      if (header.typeflag === 'g') records = [];
      if (header.typeflag === 'x')
        records = Array.from(paxRecords(content), ([key, , record]) => [key, record] as const);
    }
  }

  /** What was not read yet of the entry's content, filled up to whole blocks. */
  async *content(): AsyncGenerator<Buffer, void, void> {
    for (let left = this.#left + this.#padding; left > 0;) {
      const piece = await this.#bytes.some(left);
      if (piece === undefined) throw new ArchiveRefused('is truncated');
      left -= piece.length;
      this.#left = left;
      this.#padding = 0;
      yield piece;
    }
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }

  async #extension(size: number, headers: Buffer[]): Promise<Buffer> {
    if (size > longestExtendedHeader) throw new ArchiveRefused(`holds an extended header of ${size} bytes`);
    const content = await this.#read(size);
    headers.push(content, await this.#read(paddingAfter(size)));
    const bytes = headers.reduce((sum, { length }) => sum + length, 0);
    if (bytes > mostHeaders) throw new ArchiveRefused(`holds ${bytes} bytes of headers before one entry`);
    return content;
  }

  #begin(
    header: TarHeader,
    headers: readonly Buffer[],
    records: readonly (readonly [string, Buffer])[],
  ): FileSystemEntry {
    const { typeflag } = header;
    const { name, linkname, size } = this.#extensions.describe(header);
    const path = plainPath(name);
    if (typeflag === 'S') throw new ArchiveRefused(`holds ${shown(path)} in a form that is not supported`);
    this.#left = size;
    this.#padding = paddingAfter(size);
    return {
      path,
      target: typeflag === '1' ? plainPath(linkname) : linkname,
      kind: typeflag === '5' ? 'directory' : typeflag === '1' ? 'hard link' : 'other',
      size: this.#left,
      headers: Buffer.concat(headers),
      records,
    };
  }

  async #read(bytes: number): Promise<Buffer> {
    const read = await this.#bytes.read(bytes);
    if (read.length < bytes) throw new ArchiveRefused('is truncated');
    return read;
  }
}

async function passOver(bytes: AsyncGenerator<Buffer, void, void>): Promise<void> {
  while ((await bytes.next()).done !== true);
}

/** A path without what makes no difference: slashes at its ends, and that it begins here. */
export function plainPath(path: string): string {
  return path.replace(/^(?:\.?\/)+|^\.$/, '').replace(/\/+$/, '');
}

/** The headers of an entry under another path, with all else that they say. */
export function headersAt(
  path: string,
  target: string,
  { headers, records }: Pick<FileSystemEntry, 'headers' | 'records'>,
): Buffer {
  const kept = records.flatMap(([key, record]) => (key === 'path' || key === 'linkpath' ? [] : [record]));
  const names = [paxRecord('path', path), ...(target === '' ? [] : [paxRecord('linkpath', target)])];
  return Buffer.concat([extendedHeader([...names, ...kept]), headers.subarray(-blockSize)]);
}

/**
 * The headers of an entry that lies in a folder by now, with all else that they say. Its name need not be text: it is
 * taken as it came.
 */
export function headersBelow(
  folder: string,
  { path, target, kind, headers, records }: FileSystemEntry,
): Buffer {
  const moved = new Map([['path', path], ...(kind === 'hard link' ? [['linkpath', target] as const] : [])]);
  const kept = records.flatMap(([key, record]) => (moved.has(key) ? [] : [record]));
  const names = [...moved].map(([key, text]) => {
    const record = records.findLast(([known]) => known === key)?.[1];
    const name = record === undefined ? Buffer.from(text) : record.subarray(record.indexOf('=') + 1, -1);
    return paxRecord(key, Buffer.concat([Buffer.from(`${folder}/`), name]));
  });
  return Buffer.concat([extendedHeader([...names, ...kept]), headers.subarray(-blockSize)]);
}

/** The headers of a file of our own, which holds nothing. */
export function emptyFile(path: string): Buffer {
  return Buffer.concat([extendedHeader([paxRecord('path', path)]), fileHeader('empty', 0)]);
}

/** An extended header of these records. */
export function extendedHeader(records: readonly Buffer[]): Buffer {
  const content = Buffer.concat(records);
  return Buffer.concat([
    fileHeader('extended', content.length, 'x'),
    content,
    Buffer.alloc(paddingAfter(content.length)),
  ]);
}
