import { ArchiveRefused, shown } from './archive-refused.js';
import { longestName } from './limits.js';
import { contentBytes, type TarHeader } from './tar-header.js';

/** What an extended header says about the entry that follows it. */
interface Extension {
  name?: string;
  linkname?: string;
  size?: number;
}

/** An entry, by its own header and those before it. */
interface DescribedEntry {
  readonly name: string;
  readonly linkname: string;
  /** Bytes of content that follow. */
  readonly size: number;
}

/** Whether a header describes the entries after it, and is none itself. */
export const isExtension = (typeflag: string): boolean => 'xgLK'.includes(typeflag);

/**
 * What the extended headers before an entry say about it, as Go's archive/tar takes them: of several POSIX ones the last
 * counts; GNU's names come before theirs; and a global header changes nothing, but ends what was said before it.
 */
export class Extensions {
  #pax: Extension = {};
  #gnu: Extension = {};

  /**
   * Takes an extended header.
   *
   * @returns what it says by itself.
   * @throws ArchiveRefused when it is malformed, or makes entries sparse.
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
   * What the entry is that they describe. What comes next is about another one.
   *
   * @throws ArchiveRefused when it cannot be told how much content it has.
   */
  describe(header: TarHeader): DescribedEntry {
    const { name, linkname, size } = { ...header, size: undefined, ...this.#pax, ...this.#gnu };
    this.#pax = {};
    this.#gnu = {};
    return { name, linkname, size: contentBytes(name, header, size) };
  }
}

/** The content of a GNU header that holds a name too long for the entry's own. */
function gnuLongName(content: Buffer): string {
  const end = content.indexOf(0);
  return checkedName(content.toString('utf8', 0, end < 0 ? content.length : end));
}

/**
 * The content of a POSIX extended header (pax). What only matters to files in a file system is left out. An empty value
 * leaves the header's own in place.
 */
function paxExtension(content: Buffer): Extension {
  const extension: Extension = {};
  for (const [key, value] of paxRecords(content)) {
    if (value === '' && !key.startsWith('GNU.sparse.')) continue;
    if (key === 'path') extension.name = checkedName(value);
    else if (key === 'linkpath') extension.linkname = checkedName(value);
    else if (key === 'size') extension.size = decimal(value);
    else if (key.startsWith('GNU.sparse.'))
      throw new ArchiveRefused('holds a sparse file, which is not supported');
  }
  return extension;
}

/**
 * The records of a POSIX extended header: `LENGTH KEY=VALUE\n` each, the length being that of the whole record in
 * bytes.
 *
 * @returns the key, the value as text, which it need not be, and the record's own bytes.
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

/** A record of a POSIX extended header. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length;
  // The length counts its own digits.
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function decimal(value: string): number {
  const size = /^\+?[0-9]+$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(size))
    throw new ArchiveRefused(`gives an entry the impossible size ${shown(value)}`);
  return size;
}

function checkedName(name: string): string {
  if (name.length > longestName)
    throw new ArchiveRefused(`holds a name of ${name.length} characters: ${shown(name)}`);
  return name;
}
