import { ArchiveRefused } from './archive-refused.js';

/** The block size of tar in bytes: headers and content are padded to whole blocks. */
export const blockSize = 512;

/**
 * The fields of a header block that this room reads. The owners, modes and times of an image archive's own entries have
 * no effect.
 */
export interface TarHeader {
  readonly name: string;
  /** Bytes of content that follow, unless an extended header overrides them. */
  readonly size: number;
  /** One character: `0` is a file, `5` a directory, … */
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
  /** The shorter prefix in headers of the archiver star, which stores times after it. */
  shortPrefix: [345, 476],
  trailer: [508, 512],
} as const satisfies Record<string, readonly [number, number]>;

/** The magic of POSIX archives of any version. GNU's magic differs; GNU stores other data in POSIX's prefix field. */
const posixMagic = 'ustar\0';
const starTrailer = 'tar\0';

/**
 * Links, devices, directories and FIFOs: engines read no content for them, whatever size the header has (POSIX allows
 * one).
 */
const contentless = new Set(['1', '2', '3', '4', '5', '6']);

/**
 * Whether a block is a header; only its checksum tells. As in Go's archive/tar, both sums are valid: POSIX adds
 * unsigned bytes, some old archivers (Sun's tar) add signed bytes.
 */
export function isTarHeader(block: Buffer): boolean {
  const checksum = bytes(block, 'checksum');
  const stored = octal(checksum);
  if (stored === undefined) return false;
  // The checksum is computed with spaces in the checksum field.
  const sum = sumOf(block) - sumOf(checksum) + checksum.length * 0x20;
  return sum === stored || sum - 0x100 * (negativesIn(block) - negativesIn(checksum)) === stored;
}

/**
 * Parses a header block.
 *
 * @throws ArchiveRefused when the size is malformed, negative, or not a safe integer.
 */
export function tarHeader(block: Buffer): TarHeader {
  const name = text(block, 'name');
  const typeflag = characters(block, 'typeflag');
  const prefix = prefixOf(block);
  const size = contentless.has(typeflag) ? 0 : number(bytes(block, 'size'));
  if (size === undefined)
    throw new ArchiveRefused(`declares an invalid size for the entry ${JSON.stringify(name)}`);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    typeflag,
    linkname: text(block, 'linkname'),
  };
}

/**
 * Whether engines read no content for an entry.
 *
 * @param name - the entry's name after extended headers are applied.
 */
export function isContentless(name: string, { typeflag }: Pick<TarHeader, 'typeflag'>): boolean {
  // Archivers older than typeflag `5` mark a directory with a trailing slash.
  return contentless.has(typeflag) || (typeflag === '\0' && name.endsWith('/'));
}

/**
 * Computes how many bytes of content follow an entry's header, exactly as engines do. A reader that counts otherwise
 * takes content for headers, or headers for content.
 *
 * @param name - the entry's name after extended headers are applied.
 * @param size - the size in an extended header, in bytes; undefined without one.
 * @throws ArchiveRefused when the size is ambiguous.
 */
export function contentBytes(name: string, header: TarHeader, size: number | undefined): number {
  const { typeflag } = header;
  if (isContentless(name, header)) return 0;
  const bytes = size ?? header.size;
  if (typeflag === '\0' && name === '' && bytes > 0)
    throw new ArchiveRefused(`holds an entry without a name that claims ${bytes} bytes`);
  return bytes;
}

/** Returns how many bytes of padding follow content of a size, both in bytes. */
export function paddingAfter(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

const maxOctalSize = 0o77777777777;

/**
 * Encodes the header of a file.
 *
 * @param name - up to 100 Latin-1 characters.
 * @param size - bytes of content.
 * @param typeflag - the entry's type. Default: a regular file.
 */
export function fileHeader(name: string, size: number, typeflag = '0'): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (what: keyof typeof field, value: string): void =>
    void block.write(value, field[what][0], 'latin1');
  put('name', name);
  block.write('0000644\x000000000\x000000000\x00', field.name[1], 'latin1');
  if (size <= maxOctalSize) put('size', size.toString(8).padStart(11, '0'));
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

/** The user id and group id in a header block. Those in an extended header take precedence. */
export function ownersIn(block: Buffer): {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
} {
  return { uid: number(bytes(block, 'uid')), gid: number(bytes(block, 'gid')) };
}

/** Returns a copy of a header block with other ids. Each id has at most seven octal digits. */
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

/** The prefix of an entry's name, if the header's format has one. */
function prefixOf(block: Buffer): string {
  if (characters(block, 'magic') !== posixMagic) return '';
  return text(block, characters(block, 'trailer') === starTrailer ? 'shortPrefix' : 'prefix');
}

/** How many bytes are negative when read as signed. */
function negativesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) count += byte >> 7;
  return count;
}

/**
 * Sums bytes. A layer may have a million headers, and a loop over two bytes at a time is several times as fast as an
 * iterator or `reduce`.
 */
function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);
  return sum;
}

/** Parses a number: octal digits, or binary (GNU) if the first bit is set; then the second bit is the sign. */
function number(bytes: Buffer): number | undefined {
  const [first = 0] = bytes;
  if ((first & 0x80) === 0) return octal(bytes);
  if ((first & 0x40) !== 0) return undefined;
  let value = first & 0x3f;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Parses octal digits as Go's archive/tar does: it trims spaces and NULs, and ignores everything after a NUL. */
function octal(bytes: Buffer): number | undefined {
  const [digits = ''] = bytes
    .toString('latin1')
    .replace(/^[ \0]+|[ \0]+$/g, '')
    .split('\0', 1);
  return /^[0-7]*$/.test(digits) ? parseInt(`0${digits}`, 8) : undefined;
}
