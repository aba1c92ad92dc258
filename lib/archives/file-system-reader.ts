import { ArchiveBroken, ArchiveRefused, shown } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { Extensions, isExtension, paxRecord, paxRecords } from './extended-header.js';
import { maxExtendedHeaderBytes } from './limits.js';
import { holesIn, type SparseMap } from './sparse-map.js';
import { blockSize, fileHeader, isTarHeader, paddingAfter, tarHeader, type TarHeader } from './tar-header.js';

/**
 * An entry of a file system that an engine packed. Its headers are kept unchanged, so that fields this code does not
 * know are preserved.
 */
export interface FileSystemEntry {
  /** The path relative to the file system's root, without leading or trailing slashes; empty for the root. */
  readonly path: string;
  /** For a hard link, the path of the linked entry; for a symbolic link, its target as stored. */
  readonly target: string;
  readonly kind: 'directory' | 'hard link' | 'other';
  /** Bytes of its content, as stored. */
  readonly size: number;
  /** Bytes of the holes of a sparse file, which are not stored. */
  readonly holes: number;
  readonly headers: Buffer;
  /** The records of its POSIX extended header, encoded. */
  readonly records: readonly (readonly [key: string, record: Buffer])[];
}

/**
 * Maximum bytes of headers for one entry, because they are held in memory. Archivers write at most one header of each
 * kind.
 */
const maxHeaderBytes = 4 * maxExtendedHeaderBytes;

/**
 * Reads an engine's archive of a file system entry by entry, in constant memory, and preserves its bytes.
 *
 * The package tar-stream is unsuitable: it decodes extended attributes as text, and does not write the same bytes that
 * it read.
 */
export class FileSystemReader {
  readonly #bytes: ByteReader;
  readonly #extensions = new Extensions();
  readonly #mayBeSparse: boolean;
  /** The map of a sparse file, read before the rest of its content. */
  #map: Buffer[] = [];
  #left = 0;
  #padding = 0;

  /**
   * @param mayBeSparse - whether sparse files are accepted. The caller must pass on their headers unchanged, which hold
   * their names too, and count their holes. Default: false.
   */
  constructor(source: AsyncIterable<unknown>, { mayBeSparse = false } = {}) {
    this.#bytes = new ByteReader(source);
    this.#mayBeSparse = mayBeSparse;
  }

  /**
   * Reads the next entry. It first skips the unread content of the last entry.
   *
   * @returns undefined at the end, after the source has been read completely.
   * @throws ArchiveRefused when the archive is malformed or truncated, or has an unsupported entry.
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
      if (!isTarHeader(block)) throw new ArchiveBroken('is damaged');
      headers.push(block);
      const header = tarHeader(block);
      if (!isExtension(header.typeflag)) return await this.#begin(header, headers, records);
      const content = await this.#extension(header.size, headers);
      this.#extensions.take(header.typeflag, content);
      if (header.typeflag === 'g') records = [];
      if (header.typeflag === 'x')
        records = Array.from(paxRecords(content), ([key, , record]) => [key, record] as const);
    }
  }

  /**
   * Yields the unread content of the entry, and its padding.
   *
   * @throws ArchiveRefused when the archive is truncated.
   */
  async *content(): AsyncGenerator<Buffer, void, void> {
    while (this.#map.length > 0) yield* this.#map.splice(0, 1);
    for (let left = this.#left + this.#padding; left > 0;) {
      const piece = await this.#bytes.some(left);
      if (piece === undefined) throw new ArchiveBroken('is truncated');
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
    if (size > maxExtendedHeaderBytes) throw new ArchiveRefused(`holds an extended header of ${size} bytes`);
    const content = await this.#read(size);
    headers.push(content, await this.#read(paddingAfter(size)));
    const bytes = headers.reduce((sum, { length }) => sum + length, 0);
    if (bytes > maxHeaderBytes) throw new ArchiveRefused(`holds ${bytes} bytes of headers before one entry`);
    return content;
  }

  async #begin(
    header: TarHeader,
    headers: readonly Buffer[],
    records: readonly (readonly [string, Buffer])[],
  ): Promise<FileSystemEntry> {
    const { typeflag } = header;
    const { name, linkname, size, sparse } = this.#extensions.describe(header);
    const path = plainPath(name);
    if (typeflag === 'S' || (sparse !== undefined && !this.#mayBeSparse))
      throw new ArchiveRefused(`holds ${shown(path)} in a form that is not supported`);
    const holes = sparse === undefined ? 0 : await this.#holes(sparse);
    this.#left = size - (sparse?.mapBytes ?? 0);
    this.#padding = paddingAfter(size);
    return {
      path,
      target: typeflag === '1' ? plainPath(linkname) : linkname,
      kind: typeflag === '5' ? 'directory' : typeflag === '1' ? 'hard link' : 'other',
      size,
      holes,
      headers: Buffer.concat(headers),
      records,
    };
  }

  async #holes(map: SparseMap): Promise<number> {
    while (map.isIncomplete) {
      const block = await this.#read(map.nextBlock());
      this.#map.push(block);
      map.take(block);
    }
    return holesIn(map.runs());
  }

  async #read(bytes: number): Promise<Buffer> {
    const read = await this.#bytes.read(bytes);
    if (read.length < bytes) throw new ArchiveBroken('is truncated');
    return read;
  }
}

async function passOver(bytes: AsyncGenerator<Buffer, void, void>): Promise<void> {
  while ((await bytes.next()).done !== true);
}

/** Normalizes a path: removes leading `/` and `./`, and trailing slashes. */
export function plainPath(path: string): string {
  return path.replace(/^(?:\.?\/)+|^\.$/, '').replace(/\/+$/, '');
}

/**
 * Encodes the headers of an entry under another path, and keeps all other records.
 *
 * @param target - the target of a link; empty for other entries.
 */
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
 * Encodes the headers of an entry that is moved into a folder, and keeps all other records. A name may be invalid
 * UTF-8, so its bytes are copied, not decoded.
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

/** Encodes the header of an empty file. */
export function emptyFile(path: string): Buffer {
  return Buffer.concat([extendedHeader([paxRecord('path', path)]), fileHeader('empty', 0)]);
}

/** Encodes a POSIX extended header of these records. */
export function extendedHeader(records: readonly Buffer[]): Buffer {
  const content = Buffer.concat(records);
  return Buffer.concat([
    fileHeader('extended', content.length, 'x'),
    content,
    Buffer.alloc(paddingAfter(content.length)),
  ]);
}
