import { ArchiveRefused, shown } from './archive-refused.js';
import { maxNameLength } from './limits.js';
import { contentBytes, type TarHeader } from './tar-header.js';

/** The fields of an extended header that change the entry after it. */
interface Extension {
  name?: string;
  linkname?: string;
  size?: number;
}

/** An entry's fields, after the extended headers before it are applied. */
interface DescribedEntry {
  readonly name: string;
  readonly linkname: string;
  /** Bytes of content that follow the header. */
  readonly size: number;
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
   * @throws ArchiveRefused when it is malformed, or declares a sparse file.
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
   * @throws ArchiveRefused when the size of the entry's content is ambiguous.
   */
  describe(header: TarHeader): DescribedEntry {
    const { name, linkname, size } = { ...header, size: undefined, ...this.#pax, ...this.#gnu };
    this.#pax = {};
    this.#gnu = {};
    return { name, linkname, size: contentBytes(name, header, size) };
  }
}

/** Parses the content of a GNU header: a name too long for the entry's own header. */
function gnuLongName(content: Buffer): string {
  const end = content.indexOf(0);
  return checkedName(content.toString('utf8', 0, end < 0 ? content.length : end));
}

/**
 * Parses the content of a POSIX extended header (pax). It ignores keys that matter only in a file system. An empty
 * value leaves the entry's own field in place.
 */
function paxExtension(content: Buffer): Extension {
  const extension: Extension = {};
  for (const [key, value] of paxRecords(content)) {
    if (value === '' && !key.startsWith('GNU.sparse.')) continue;
    if (key === 'path') extension.name = checkedName(value);
    else if (key === 'linkpath') extension.linkname = checkedName(value);
    else if (key === 'size') extension.size = decimal(value);
    else if (key.startsWith('GNU.sparse.'))
      throw new ArchiveRefused(
        'holds a sparse file, which is not supported: pack it without the option --sparse of tar',
      );
  }
  return extension;
}

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
