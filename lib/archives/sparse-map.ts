import { ArchiveRefused, shown } from './archive-refused.js';
import { maxExtendedHeaderBytes } from './limits.js';
import { blockSize } from './tar-header.js';

/** Bytes of data in a sparse file. What is between two regions is a hole, which reads as zeros. */
interface DataRegion {
  readonly offset: number;
  readonly length: number;
}

/** Consecutive bytes of a file: stored in the archive, or a hole. */
export interface Run {
  readonly bytes: number;
  readonly isHole: boolean;
}

/** What an extended header says about the sparse file after it. */
export interface SparseRecords {
  /** Replaces every other name of the entry; undefined for none. */
  readonly name: string | undefined;
  /** The file's size with its holes, as spelled; undefined if it is the number of bytes stored. */
  readonly size: string | undefined;
  /** The numbers of the map as spelled, their count first; undefined if the map begins the content. */
  readonly map: readonly string[] | undefined;
}

/** Whether a key of an extended header describes a sparse file. */
export const isSparseKey = (key: string): boolean => key.startsWith('GNU.sparse.');

/**
 * Selects the records that make an entry sparse, in the versions 0.0, 0.1 and 1.0 of GNU tar.
 *
 * @returns undefined when the entry is not sparse. Go's archive/tar ignores other versions.
 */
export function sparseRecords(records: ReadonlyMap<string, string>): SparseRecords | undefined {
  const said = (key: string): string => records.get(`GNU.sparse.${key}`) ?? '';
  const version = `${said('major')}.${said('minor')}`;
  const map = said('map');
  const isOld = version === '0.0' || version === '0.1' || (version === '.' && map !== '');
  if (!isOld && version !== '1.0') return undefined;
  const numbers = map === '' ? [] : map.split(',');
  return {
    name: orUndefined(said('name')),
    size: orUndefined(said('size')) ?? orUndefined(said('realsize')),
    map: isOld ? [said('numblocks'), ...numbers] : undefined,
  };
}

/** Collects the regions that version 0.0 spreads over several records, and writes them as version 0.1 does. */
export class ScatteredMap {
  readonly #numbers: string[] = [];

  /**
   * @returns whether the record belongs to the map.
   * @throws ArchiveRefused when the records are not in turn, which engines refuse.
   */
  take(key: string, value: string): boolean {
    if (key !== 'GNU.sparse.offset' && key !== 'GNU.sparse.numbytes') return false;
    const isOffset = this.#numbers.length % 2 === 0;
    if ((key === 'GNU.sparse.offset') !== isOffset || value.includes(','))
      throw new ArchiveRefused('holds a sparse file whose map is damaged');
    this.#numbers.push(value);
    return true;
  }

  /** Puts the map among the other records, if there is one. */
  addTo(records: Map<string, string>): void {
    if (this.#numbers.length > 0) records.set('GNU.sparse.map', this.#numbers.join(','));
  }
}

/**
 * The map of a sparse file. Engines write its holes out as zeros, so the holes count as much as stored bytes.
 *
 * It refuses each map that Go's archive/tar refuses, which all engines use. Otherwise the two might find different
 * sizes.
 */
export class SparseMap {
  readonly #name: string;
  readonly #size: string | undefined;
  readonly #stored: number;
  #numbers: readonly string[] | undefined;
  #text = '';
  #lines = 0;
  #wantedLines = 1;
  #mapBytes = 0;

  /**
   * @param name - the entry's name, for error messages.
   * @param stored - bytes of content in the archive, a map at its beginning included.
   */
  constructor(name: string, { size, map }: SparseRecords, stored: number) {
    this.#name = name;
    this.#size = size;
    this.#stored = stored;
    this.#numbers = map;
  }

  /** Whether the next block of the content belongs to the map. */
  get isIncomplete(): boolean {
    return this.#numbers === undefined;
  }

  /** Bytes of the map at the beginning of the content. */
  get mapBytes(): number {
    return this.#mapBytes;
  }

  /**
   * Checks that the content has another block, before it is read as part of the map.
   *
   * Engines built with Go before 1.24.8 hold a map of any size in memory; later ones refuse more than 1 MiB.
   *
   * @returns the number of bytes to read.
   * @throws ArchiveRefused when the content ends within the map, or the map is larger than 1 MiB.
   */
  nextBlock(): number {
    this.#mapBytes += blockSize;
    if (this.#mapBytes > maxExtendedHeaderBytes)
      throw this.#refused(`whose map has more than ${maxExtendedHeaderBytes} bytes`);
    if (this.#mapBytes > this.#stored) throw this.#refused('whose map is cut off');
    return blockSize;
  }

  /** Adds a block of the content to the map: decimal numbers, one on each line, their count first. */
  take(block: Buffer): void {
    for (const byte of block) if (byte === 0x0a) this.#lines += 1;
    const isFirst = this.#wantedLines === 1;
    this.#text += block.toString('latin1');
    if (isFirst && this.#lines > 0)
      this.#wantedLines += 2 * this.#number(this.#text.slice(0, this.#text.indexOf('\n')));
    if (this.#lines >= this.#wantedLines) {
      this.#numbers = this.#text.split('\n', this.#wantedLines);
      this.#text = '';
    }
  }

  /**
   * Returns the file's content in order: data and holes.
   *
   * @throws ArchiveRefused when the map is malformed, or differs from the content.
   */
  runs(): readonly Run[] {
    const size = this.#size === undefined ? this.#stored : this.#number(this.#size);
    const runs: Run[] = [];
    let end = 0;
    let data = 0;
    const add = (bytes: number, isHole: boolean): void => {
      if (bytes > 0) runs.push({ bytes, isHole });
    };
    for (const { offset, length } of this.#regions()) {
      if (offset < end || offset + length > size) throw this.#refused('whose map is damaged');
      add(offset - end, true);
      add(length, false);
      end = offset + length;
      data += length;
    }
    add(size - end, true);
    if (data !== this.#stored - this.#mapBytes)
      throw this.#refused(
        `whose map says ${data} bytes of data, but it has ${this.#stored - this.#mapBytes}`,
      );
    return runs;
  }

  *#regions(): Generator<DataRegion, void, void> {
    const [count = '', ...numbers] = this.#numbers ?? [];
    if (2 * this.#number(count) !== numbers.length) throw this.#refused('whose map is damaged');
    for (let at = 0; at < numbers.length; at += 2)
      yield { offset: this.#number(numbers[at]), length: this.#number(numbers[at + 1]) };
  }

  #number(digits: string | undefined): number {
    const number = digits !== undefined && /^\+?[0-9]+$/.test(digits) ? Number(digits) : NaN;
    if (!Number.isSafeInteger(number))
      throw this.#refused(`which declares the invalid number ${shown(digits ?? '')}`);
    return number;
  }

  #refused(because: string): ArchiveRefused {
    return new ArchiveRefused(`holds the sparse file ${shown(this.#name)}, ${because}`);
  }
}

/** Sums the bytes of all holes. */
export function holesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, { bytes, isHole }) => (isHole ? sum + bytes : sum), 0);
}

const orUndefined = (value: string): string | undefined => (value === '' ? undefined : value);
