import { ArchiveRefused } from './archive-refused.js';

/** Everything in a tar archive is filled up to blocks of so many bytes. */
export const blockSize = 512;

/**
 * The fields of a header block that matter here. Ownership, modes and times of an image archive's own entries mean
 * nothing.
 */
export interface TarHeader {
  readonly name: string;
  /** Bytes of content that follow, unless an extended header says otherwise. */
  readonly size: number;
  /** One character: `0` a file, `5` a directory, … */
  readonly typeflag: string;
  readonly linkname: string;
}

const field = {
  name: [0, 100],
  uid: [108, 116],
  gid: [116, 124],
  size: [124, 136],
  checksum: [148, 156],
  typeflag: [156, 157],
  linkname: [157, 257],
  magic: [257, 263],
  version: [263, 265],
  prefix: [345, 500],
  /** Of star's headers, which hold times behind it. */
  shortPrefix: [345, 476],
  trailer: [508, 512],
} as const satisfies Record<string, readonly [number, number]>;

/**
 * POSIX archives, of whatever version; GNU's magic differs, and what POSIX uses for the beginning of a long name holds
 * something else there.
 */
const posixMagic = 'ustar\0';
const starTrailer = 'tar\0';

/**
 * Symbolic and hard links, devices, folders and FIFOs: whatever size they claim (POSIX allows it), engines read no
 * content of theirs.
 */
const contentless = new Set(['1', '2', '3', '4', '5', '6']);

/**
 * Whether a block is a header: only its own checksum tells. As Go's archive/tar: POSIX sums the bytes as unsigned
 * numbers, some old archivers (Sun's tar) as signed ones.
 */
export function isTarHeader(block: Buffer): boolean {
  const checksum = bytes(block, 'checksum');
  const stored = octal(checksum);
  if (stored === undefined) return false;
  // The sum was taken while its own field held spaces.
  const sum = sumOf(block) - sumOf(checksum) + checksum.length * 0x20;
  return sum === stored || sum - 0x100 * (negativesIn(block) - negativesIn(checksum)) === stored;
}

/**
 * Reads a header block.
 *
 * @throws ArchiveRefused when the size is not a number, is negative or is more than can be counted.
 */
export function tarHeader(block: Buffer): TarHeader {
  const name = text(block, 'name');
  const typeflag = characters(block, 'typeflag');
  const prefix = prefixOf(block);
  const size = contentless.has(typeflag) ? 0 : number(bytes(block, 'size'));
  if (size === undefined)
    throw new ArchiveRefused(`gives the entry ${JSON.stringify(name)} an impossible size`);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    typeflag,
    linkname: text(block, 'linkname'),
  };
}

/**
 * How many bytes of content follow the header of an entry, as engines see it: whoever counts others takes content for
 * headers, or headers for content.
 *
 * @param name - which counts: what extended headers say comes before the header's own.
 * @param size - of an extended header, where one says it.
 * @throws ArchiveRefused when that cannot be told.
 */
export function contentBytes(name: string, header: TarHeader, size: number | undefined): number {
  const { typeflag } = header;
  if (contentless.has(typeflag)) return 0;
  // Archivers older than the type for directories marked them so.
  if (typeflag === '\0' && name.endsWith('/')) return 0;
  const bytes = size ?? header.size;
  if (typeflag === '\0' && name === '' && bytes > 0)
    throw new ArchiveRefused(`holds an entry without a name, and claims that it has ${bytes} bytes`);
  return bytes;
}

/** How many bytes fill up content of this size to whole blocks. */
export function paddingAfter(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

const largestOctal = 0o77777777777;

/**
 * The header of a file that is written.
 *
 * @param typeflag - what it is, where it is no plain file.
 */
export function fileHeader(name: string, size: number, typeflag = '0'): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (what: keyof typeof field, value: string): void =>
    void block.write(value, field[what][0], 'latin1');
  put('name', name);
  block.write('0000644\x000000000\x000000000\x00', field.name[1], 'latin1');
  if (size <= largestOctal) put('size', size.toString(8).padStart(11, '0'));
  else {
    block.writeUInt8(0x80, field.size[0]);
    block.writeBigUInt64BE(BigInt(size), field.size[1] - 8);
  }
  block.write('00000000000', field.size[1], 'latin1');
  put('checksum', '        ');
  put('typeflag', typeflag);
  put('magic', posixMagic);
  put('version', '00');
  put('checksum', `${sumOf(block).toString(8).padStart(6, '0')}\x00 `);
  return block;
}

/** The numbers of the user and the group that a header's entry belongs to; those of an extended header take their place. */
export function ownersIn(block: Buffer): {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
} {
  return { uid: number(bytes(block, 'uid')), gid: number(bytes(block, 'gid')) };
}

/** The same header for another user and group, whose numbers have seven octal digits at most. */
export function withOwners(
  block: Buffer,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Buffer {
  const changed = Buffer.from(block);
  const put = (what: keyof typeof field, value: string): void =>
    void changed.write(value, field[what][0], 'latin1');
  put('uid', `${uid.toString(8).padStart(7, '0')}\x00`);
  put('gid', `${gid.toString(8).padStart(7, '0')}\x00`);
  put('checksum', '        ');
  put('checksum', `${sumOf(changed).toString(8).padStart(6, '0')}\x00 `);
  return changed;
}

function bytes(block: Buffer, what: keyof typeof field): Buffer {
  const [start, end] = field[what];
  return block.subarray(start, end);
}

function characters(block: Buffer, what: keyof typeof field): string {
  const [start, end] = field[what];
  return block.toString('latin1', start, end);
}

function text(block: Buffer, what: keyof typeof field): string {
  const [start, end] = field[what];
  const zero = block.indexOf(0, start);
  return block.toString('utf8', start, zero < 0 ? end : Math.min(zero, end));
}

/** What stands before the name of an entry, where the header has room for it. */
function prefixOf(block: Buffer): string {
  if (characters(block, 'magic') !== posixMagic) return '';
  return text(block, characters(block, 'trailer') === starTrailer ? 'shortPrefix' : 'prefix');
}

/** How many bytes are negative numbers when they are taken as signed. */
function negativesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) count += byte >> 7;
  return count;
}

/** A layer may have a million headers: counting, two by two, is several times as fast as an iterator or a reduction. */
function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);
  return sum;
}

/** A number in octal digits, or in binary (GNU) when the first bit is set: then the second is the sign. */
function number(bytes: Buffer): number | undefined {
  const [first = 0] = bytes;
  if ((first & 0x80) === 0) return octal(bytes);
  if ((first & 0x40) !== 0) return undefined;
  let value = first & 0x3f;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** As Go's archive/tar: spaces and NULs around it mean nothing, nor does what follows a NUL. */
function octal(bytes: Buffer): number | undefined {
  const [digits = ''] = bytes
    .toString('latin1')
    .replace(/^[ \0]+|[ \0]+$/g, '')
    .split('\0', 1);
  return /^[0-7]*$/.test(digits) ? parseInt(`0${digits}`, 8) : undefined;
}
