/** Builder of sparse files in an archive, as GNU tar writes them with `--format=posix --sparse`. */
import { padded, rawHeader, type ArchiveEntry } from './archives.js';

/** A sparse file. */
interface SparseFile {
  readonly name: string;
  /** The size with all holes. */
  readonly size: number | string;
  /** What is not a hole. Default: nothing. */
  readonly data?: readonly (readonly [offset: number, content: string | Buffer])[];
  /** Further records, which may contradict the others. */
  readonly more?: readonly (readonly [key: string, value: string])[];
  /** The type of the entry. Default: a file. */
  readonly typeflag?: string;
  /** Permissions in octal. Default: 644. */
  readonly mode?: string;
}

/** The versions of the format. */
export const sparseVersions = ['0.0', '0.1', '1.0'] as const;

/** A sparse file in a version of the format. Its header has a name that only readers of other formats see. */
export function sparseFile(version: (typeof sparseVersions)[number], file: SparseFile): ArchiveEntry {
  const { name, size, data = [], more = [], typeflag, mode } = file;
  const numbers = data.flatMap(([offset, content]) => [offset, Buffer.byteLength(content)]);
  const map = version === '1.0' ? padded(`${[data.length, ...numbers].join('\n')}\n`) : '';
  const content = Buffer.concat([Buffer.from(map), ...data.map(([, bytes]) => Buffer.from(bytes))]);
  const header = rawHeader({ name: `GNUSparseFile.0/${name}`, size: content.length, mode, typeflag });
  const records = { '0.0': scattered, '0.1': listed, '1.0': preceding }[version](name, size, numbers);
  return { name: '', raw: Buffer.concat([paxRecords([...records, ...more]), header, padded(content)]) };
}

/** An extended header of these records. */
export function paxRecords(
  records: readonly (readonly [key: string, value: string])[],
  typeflag = 'x',
): Buffer {
  const text = records.map(([key, value]) => record(key, value)).join('');
  return Buffer.concat([rawHeader({ typeflag, size: Buffer.byteLength(text) }), padded(text)]);
}

type Records = readonly (readonly [string, string])[];

const scattered = (name: string, size: number | string, numbers: readonly number[]): Records => [
  ['path', name],
  ['GNU.sparse.size', String(size)],
  ['GNU.sparse.numblocks', String(numbers.length / 2)],
  ...numbers.map((number, at): readonly [string, string] => [
    at % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes',
    String(number),
  ]),
];

const listed = (name: string, size: number | string, numbers: readonly number[]): Records => [
  ['GNU.sparse.major', '0'],
  ['GNU.sparse.minor', '1'],
  ['GNU.sparse.name', name],
  ['GNU.sparse.size', String(size)],
  ['GNU.sparse.numblocks', String(numbers.length / 2)],
  ['GNU.sparse.map', numbers.join(',')],
];

const preceding = (name: string, size: number | string): Records => [
  ['GNU.sparse.major', '1'],
  ['GNU.sparse.minor', '0'],
  ['GNU.sparse.name', name],
  ['GNU.sparse.realsize', String(size)],
];

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(rest) + String(length).length)
    length = Buffer.byteLength(rest) + String(length).length;
  return `${length}${rest}`;
}
