import { ArchiveRefused, shown } from './archive-refused.js';
import type { ByteReader } from './byte-reader.js';
import { EntryContent } from './entry-content.js';
import { Extensions, isExtension } from './extended-header.js';
import { maxExtendedHeaderBytes, type ByteBudget, type ImageLimits } from './limits.js';
import { holesIn, type Run, type SparseMap } from './sparse-map.js';
import { blockSize, isTarHeader, paddingAfter, tarHeader, type TarHeader } from './tar-header.js';

/** An entry of a tar archive. */
export interface TarEntry {
  readonly kind: 'file' | 'directory' | 'symbolic link' | 'hard link';
  /** The name as the archive spells it, not validated. */
  readonly name: string;
  /** Bytes of content, holes included; 0 except for files. */
  readonly size: number;
  /** The target of a link, not validated; empty for other kinds. */
  readonly linkname: string;
}

const kinds: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '5': 'directory',
};

const refusedKinds: Readonly<Record<string, string>> = {
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
  S: "a sparse file of GNU's old type: pack it with --format=posix",
};

/**
 * Reads an untrusted tar archive entry by entry. It bounds what it reads into memory, and refuses everything ambiguous.
 * The holes of sparse files are content like any other, and count against the budget.
 *
 * The package tar-stream is unsuitable: it keeps global headers with any number of records and copies them for each
 * entry, accepts malformed numbers, and fails on data after the end of an archive.
 */
export class TarReader {
  readonly #bytes: ByteReader;
  readonly #limits: ImageLimits;
  readonly #budget: ByteBudget;
  readonly #extensions = new Extensions();
  #headers = 0;
  #entry: TarEntry | undefined;
  #content: EntryContent;
  /** Bytes of the padding after the content. */
  #padding = 0;

  constructor(bytes: ByteReader, limits: ImageLimits, budget: ByteBudget) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#budget = budget;
    this.#content = new EntryContent(bytes, []);
  }

  /**
   * Reads the next entry's header. It first skips the unread content of the last entry.
   *
   * @returns undefined at the end mark, or at the end of an archive without one.
   * @throws ArchiveRefused when the archive is empty, truncated, malformed or ambiguous, or exceeds a limit.
   */
  async next(): Promise<TarEntry | undefined> {
    for (let header = await this.#header(); header !== undefined; header = await this.#header()) {
      if (!isExtension(header.typeflag)) return await this.#begin(header);
      await this.#extension(header);
    }
    if (this.#headers === 0) throw new ArchiveRefused('is an archive without entries');
    return undefined;
  }

  /**
   * Reads content of the entry into memory.
   *
   * @param bytes - how many bytes to read; it reads all content if there is less.
   */
  async read(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let missing = Math.min(bytes, this.#content.left); missing > 0;) {
      const piece = await this.#some(missing);
      pieces.push(Buffer.from(piece));
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Yields the unread content of the entry. A piece is valid until the next one is requested. */
  async *content(): AsyncGenerator<Buffer, void, void> {
    while (this.#content.left > 0) yield await this.#some(Infinity);
  }

  /** Reads and discards the rest of the stream, including data after the end mark. */
  async drain(): Promise<void> {
    while ((await this.#bytes.some(Infinity)) !== undefined);
  }

  /**
   * @returns undefined at the end mark, or where the stream ends: some archivers omit the mark. A missing part of the
   * image is detected when the image is verified.
   */
  async #header(): Promise<TarHeader | undefined> {
    await this.#skip();
    const block = await this.#bytes.read(blockSize);
    const isFirst = this.#headers === 0;
    if (block.length === 0 && !isFirst) return undefined;
    if (block.length === 0) throw new ArchiveRefused('is empty');
    // Two zero blocks end an archive. No entry can follow the first one.
    if (block.length === blockSize && block.every((byte) => byte === 0)) return undefined;
    if (isFirst && !isTarHeader(block)) throw new ArchiveRefused('is not a tar archive');
    if (block.length < blockSize) throw this.#truncated();
    if (!isTarHeader(block)) throw new ArchiveRefused(`is damaged after ${this.#where()}`);
    this.#headers += 1;
    const { maxEntries } = this.#limits;
    if (this.#headers > maxEntries)
      throw new ArchiveRefused(`has more than the ${maxEntries} entries allowed`);
    return tarHeader(block);
  }

  async #extension({ typeflag, size }: TarHeader): Promise<void> {
    if (size > maxExtendedHeaderBytes) throw new ArchiveRefused(`holds an extended header of ${size} bytes`);
    this.#expect(size, stored(size));
    const said = this.#extensions.take(typeflag, await this.read(size));
    // Engines ignore a name or a size in a global header, other readers apply it: the archive is ambiguous.
    if (typeflag === 'g' && Object.keys(said).length > 0)
      throw new ArchiveRefused('holds a global header that would change all its entries');
  }

  async #begin(header: TarHeader): Promise<TarEntry> {
    const { name, linkname, size, sparse } = this.#extensions.describe(header);
    const plain = kinds[header.typeflag];
    // Archivers older than typeflag `5` mark a directory with a trailing slash.
    const isFolder = plain === 'file' && name.endsWith('/') && size === 0 && sparse === undefined;
    const kind = isFolder ? 'directory' : plain;
    if (kind === undefined) {
      const what = refusedKinds[header.typeflag] ?? `of the unknown type ${shown(header.typeflag)}`;
      throw new ArchiveRefused(`holds ${shown(name)}, which is ${what}`);
    }
    this.#budget.validateRoom(size);
    const isLink = kind === 'symbolic link' || kind === 'hard link';
    this.#entry = { kind, name, size, linkname: isLink ? linkname : '' };
    this.#expect(size, stored(size));
    if (sparse === undefined) return this.#entry;
    this.#expect(size, await this.#sparse(sparse));
    this.#entry = { ...this.#entry, size: this.#content.left };
    return this.#entry;
  }

  /** Reads the map of a sparse file, and counts its holes before they are passed on. */
  async #sparse(map: SparseMap): Promise<readonly Run[]> {
    while (map.isIncomplete) map.take(await this.read(map.nextBlock()));
    const runs = map.runs();
    this.#budget.spend(holesIn(runs));
    return runs;
  }

  /** @param size - bytes of the content in the archive. */
  #expect(size: number, runs: readonly Run[]): void {
    this.#content = new EntryContent(this.#bytes, runs);
    this.#padding = paddingAfter(size);
  }

  async #some(most: number): Promise<Buffer> {
    const piece = await this.#content.some(most);
    if (piece === undefined) throw this.#truncated();
    return piece;
  }

  async #skip(): Promise<void> {
    const content = this.content();
    while ((await content.next()).done !== true);
    await this.#bytes.read(this.#padding);
    this.#padding = 0;
  }

  #truncated(): ArchiveRefused {
    return new ArchiveRefused(
      `is truncated: it ends ${this.#content.left > 0 ? 'in' : 'after'} ${this.#where()}`,
    );
  }

  #where(): string {
    return this.#entry === undefined ? 'its first header' : `the entry ${shown(this.#entry.name)}`;
  }
}

const stored = (bytes: number): readonly Run[] => (bytes === 0 ? [] : [{ bytes, isHole: false }]);
