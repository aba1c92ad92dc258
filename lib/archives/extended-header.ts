import { ArchiveRefused, shown } from './archive-refused.js';
import { maxNameLength } from './limits.js';
import { isSparseKey, ScatteredMap, SparseMap, sparseRecords, type SparseRecords } from './sparse-map.js';
import { contentBytes, isContentless, type TarHeader } from './tar-header.js';

/** The fields of an extended header that change the entry after it. */
interface Extension {
  name?: string;
  linkname?: string;
  size?: number;
  sparse?: SparseRecords;
}

/** An entry's fields, after the extended headers before it are applied. */
interface DescribedEntry {
  readonly name: string;
  readonly linkname: string;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** Defined for a sparse file, whose holes are not among these bytes. */
  readonly sparse: SparseMap | undefined;
}

/** Whether a typeflag marks an extended header, which describes the entries after it and is not an entry. */
export const isExtension = (typeflag: string): boolean => 'xgLK'.includes(typeflag);

/**
 * Applies extended headers to the entry after them, as Go's archive/tar does. Of several POSIX headers only the last
 * counts. GNU names take precedence over POSIX names. A global header changes no entry, but discards the headers before
 * it.
 */
export class Extensions {
  #pax: Extension = {};
  #gnu: Extension = {};

  /**
   * Adds an extended header.
   *
   * @returns the fields that this header sets.
   * @throws ArchiveRefused when it is malformed.
   */
  take(typeflag: string, content: Buffer): Readonly<Extension> {
    if (typeflag === 'x') return (this.#pax = paxExtension(content));
    if (typeflag === 'g') {
      this.#pax = {};
      this.#gnu = {};
      return paxExtension(content);
    }
    const name = gnuLongName(content);
    const said: Extension = name === '' ? {} : typeflag === 'L' ? { name } : { linkname: name };
    this.#gnu = { ...this.#gnu, ...said };
    return said;
  }

  /**
   * Applies the added headers to an entry, then discards them.
   *
   * @throws ArchiveRefused when the size of the entry's content is ambiguous, or a sparse entry is no file.
   */
  describe(header: TarHeader): DescribedEntry {
    const said: TarHeader & Extension = { ...header, ...this.#pax, ...this.#gnu };
    const { name, linkname, sparse } = said;
    const size = contentBytes(name, header, this.#pax.size);
    this.#pax = {};
    this.#gnu = {};
    if (sparse === undefined) return { name, linkname, size, sparse };
    const realName = sparse.name ?? name;
    if (isContentless(name, header))
      throw new ArchiveRefused(`holds the sparse entry ${shown(realName)}, which is no file`);
    return { name: realName, linkname, size, sparse: new SparseMap(realName, sparse, size) };
  }
}

/** Parses the content of a GNU header: a name too long for the entry's own header. */
function gnuLongName(content: Buffer): string {
  const end = content.indexOf(0);
  return checkedName(content.toString('utf8', 0, end < 0 ? content.length : end));
}

/**
 * Parses the content of a POSIX extended header (pax). It ignores keys that matter only in a file system. Of several
 * records with one key the last counts. An empty value leaves the entry's own field in place.
 */
function paxExtension(content: Buffer): Extension {
  const records = new Map<string, string>();
  const scattered = new ScatteredMap();
  for (const [key, value] of paxRecords(content))
    if (isRead(key) && !scattered.take(key, value)) records.set(key, value);
  scattered.addTo(records);
  const extension: Extension = {};
  const said = (key: string): string => records.get(key) ?? '';
  const [path, linkpath, size] = [said('path'), said('linkpath'), said('size')];
  const sparse = sparseRecords(records);
  if (path !== '') extension.name = checkedName(path);
  if (linkpath !== '') extension.linkname = checkedName(linkpath);
  if (size !== '') extension.size = decimal(size);
  if (sparse !== undefined) extension.sparse = sparse;
  if (sparse?.name !== undefined) checkedName(sparse.name);
  return extension;
}

const isRead = (key: string): boolean =>
  key === 'path' || key === 'linkpath' || key === 'size' || isSparseKey(key);

/**
 * Parses the records of a POSIX extended header. Each record is `LENGTH KEY=VALUE\n`; LENGTH is the size of the whole
 * record in bytes.
 *
 * @returns the key, the value decoded as UTF-8 (it may be binary), and the record's bytes.
 * @throws ArchiveRefused when a record is malformed.
 */
export function* paxRecords(content: Buffer): Generator<readonly [string, string, Buffer], void, void> {
  const malformed = new ArchiveRefused('holds a damaged extended header');
  for (let rest = content; rest.length > 0;) {
    const digits = /^([0-9]{1,20}) /.exec(rest.toString('latin1', 0, 21))?.[1];
    const length = Number(digits);
    if (digits === undefined || length < 5 || length > rest.length || rest[length - 1] !== 0x0a)
      throw malformed;
    const record = rest.toString('utf8', digits.length + 1, length - 1);
    const equals = record.indexOf('=');
    if (equals < 1) throw malformed;
    yield [record.slice(0, equals), record.slice(equals + 1), rest.subarray(0, length)];
    rest = rest.subarray(length);
  }
}

/** Encodes a record of a POSIX extended header. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length;
  // The length includes its own digits.
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function decimal(value: string): number {
  const size = /^\+?[0-9]+$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(size))
    throw new ArchiveRefused(`declares the invalid size ${shown(value)} for an entry`);
  return size;
}

function checkedName(name: string): string {
  if (name.length > maxNameLength)
    throw new ArchiveRefused(`holds a name of ${name.length} characters: ${shown(name)}`);
  return name;
}
