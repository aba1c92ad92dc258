import { ArchiveRefused, shown } from './archive-refused.js';
import { paxRecord } from './extended-header.js';
import { extendedHeader, type FileSystemEntry } from './file-system-reader.js';
import { blockSize, ownersIn, withOwners } from './tar-header.js';

/** Translates user ids and group ids. */
export interface OwnerMapping {
  readonly uid: (number: number) => number;
  readonly gid: (number: number) => number;
}

/** The highest id that a plain header can hold; a pax record holds a higher one. */
const maxOwnerInHeader = 0o7777777;

/**
 * Returns the entry with its user id and group id translated.
 *
 * @throws ArchiveRefused when the entry's pax header has a malformed id.
 */
export function withTranslatedOwners(entry: FileSystemEntry, mapping: OwnerMapping): FileSystemEntry {
  const { headers, records } = entry;
  const block = headers.subarray(-blockSize);
  const plain = ownersIn(block);
  const uid = mapping.uid(recorded(entry, 'uid') ?? plain.uid ?? 0);
  const gid = mapping.gid(recorded(entry, 'gid') ?? plain.gid ?? 0);
  const header = withOwners(block, {
    uid: Math.min(uid, maxOwnerInHeader),
    gid: Math.min(gid, maxOwnerInHeader),
  });
  const isLarge = uid > maxOwnerInHeader || gid > maxOwnerInHeader;
  const others = records.filter(([key]) => key !== 'uid' && key !== 'gid');
  if (!isLarge && others.length === records.length)
    return { ...entry, headers: Buffer.concat([headers.subarray(0, -blockSize), header]) };
  const owners = [
    ['uid', paxRecord('uid', String(uid))],
    ['gid', paxRecord('gid', String(gid))],
  ] as const;
  const all = [...others, ...owners];
  // Readers apply only the last extended header, so it repeats all records.
  const extended = extendedHeader(all.map(([, record]) => record));
  return {
    ...entry,
    records: all,
    headers: Buffer.concat([headers.subarray(0, -blockSize), extended, header]),
  };
}

/** The id in the last extended header, as Go's archive/tar reads it; undefined without one. */
function recorded({ path, records }: FileSystemEntry, key: 'uid' | 'gid'): number | undefined {
  const record = records.findLast(([known]) => known === key)?.[1];
  if (record === undefined) return undefined;
  const text = record.toString('latin1', record.indexOf('=') + 1, record.length - 1);
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new ArchiveRefused(`holds ${shown(path)} with the invalid ${key} ${shown(text)}`);
}
