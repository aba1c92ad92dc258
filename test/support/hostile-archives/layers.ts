import { gzipSync } from 'node:zlib';
import { buildImageArchive, packEntries, padded, rawHeader, type ArchiveEntry } from '../archives.js';
import { packed } from '../packed.js';
import { paxRecords, sparseFile, sparseVersions } from '../sparse-files.js';
import { harm, isLayer, KiB, MiB, raw, replacing, spoilt, type HostileArchive } from './spoil.js';

const sparse = /holds ".*", which holds a sparse file of GNU's old type/;
const tooLarge = /holds ".*", which is larger than the 33554432 bytes allowed/;

/** An extended header with one record, as it precedes an entry. */
export const paxHeader = (key: string, value: string, typeflag = 'x'): Buffer[] => {
  const rest = ` ${key}=${value}\n`;
  // The records here have 10 to 99 bytes.
  const record = `${rest.length + 2}${rest}`;
  return [rawHeader({ typeflag, size: record.length }), padded(record)];
};

/** A file that consists of a hole which is larger than the limit. */
const bombOf = (version: '0.0' | '0.1' | '1.0'): ArchiveEntry =>
  sparseFile(version, { name: 'bomb', size: 64 * MiB, data: [[9, '']] });

/**
 * Root file systems that are compressed, and whose first folder has a name that engines take for the beginning of
 * compressed data.
 */
export async function compressedTwice(): Promise<HostileArchive[]> {
  const rest = await packEntries([{ name: 'etc/motd', content: 'hello\n' }]);
  const named = (magic: string): Buffer => {
    const folder = rawHeader({ name: 'xxxxxx', typeflag: '5' });
    Buffer.from(magic, 'hex').copy(folder);
    folder.write('        ', 148);
    const sum = folder.reduce((total, byte) => total + byte, 0);
    folder.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return Buffer.concat([folder, rest]);
  };
  const magics = {
    gzip: '1f8b0804',
    bzip2: '425a6839',
    xz: 'fd377a585a00',
    zstd: '28b52ffd',
    'skippable zstd': '502a4d18',
  };
  return Object.entries(magics).map(([name, magic]) => ({
    what: `of a root file system that passes for ${name} data once it is unpacked`,
    prevents: harm.unchecked,
    archive: gzipSync(named(magic)),
    says: /is compressed twice, or begins as compressed data does/,
  }));
}

/** Archives that are valid except for the headers in a layer. */
export async function hostileLayers(): Promise<HostileArchive[]> {
  const layered = async (
    what: string,
    entries: readonly ArchiveEntry[],
    says = sparse,
    prevents: string = harm.diskBomb,
  ): Promise<HostileArchive> => ({
    what: `with a layer that holds ${what}`,
    prevents,
    archive: await buildImageArchive({ layers: [await packEntries(entries)] }),
    says,
  });
  const innocent = { name: 'etc/motd', content: 'hello\n' };
  const bomb = await packEntries([innocent, bombOf('1.0')]);
  const old = raw(rawHeader({ name: 'bomb', typeflag: 'S', magic: 'ustar  \0' }));
  const small = { name: 'x', size: 9 };
  const unread = async (what: string, says: RegExp, ...entries: ArchiveEntry[]): Promise<HostileArchive> =>
    await layered(`a sparse file ${what}`, [innocent, ...entries], says, harm.unreadable);
  return [
    ...(await Promise.all(
      sparseVersions.map((version) =>
        layered(`holes beyond the limit, in version ${version}`, [innocent, bombOf(version)], tooLarge),
      ),
    )),
    await layered(
      'many holes that exceed the limit together',
      Array.from({ length: 33 }, (_none, index) => sparseFile('1.0', { name: `${index}`, size: MiB })),
      tooLarge,
    ),
    {
      what: 'with a gzip layer that holds holes beyond the limit',
      prevents: harm.diskBomb,
      archive: await spoilt(
        replacing(isLayer, () => ({ content: gzipSync(bomb) })),
        { layers: [bomb] },
      ),
      says: tooLarge,
    },
    {
      what: 'with a zstd layer that holds holes beyond the limit',
      prevents: harm.diskBomb,
      archive: await spoilt(
        replacing(isLayer, () => ({ content: packed(bomb, 'zstd') })),
        { layers: [bomb] },
      ),
      says: /is larger than|compressed with zstd: this engine cannot/,
    },
    await layered('a sparse file of the oldest kind', [innocent, old], sparse, harm.unreadable),
    await layered(
      'a size that an extended header takes back, to hide a hole from other readers',
      [
        raw(
          paxRecords([
            ['size', '1536'],
            ['size', ''],
          ]),
          rawHeader({ name: 'x' }),
        ),
        bombOf('0.1'),
      ],
      tooLarge,
    ),
    await unread(
      'of version 0.1 that does not count its regions',
      /which holds the sparse file "etc\/motd", which declares the invalid number ""/,
      { ...innocent, pax: { 'GNU.sparse.size': '9', 'GNU.sparse.map': '9,0' } },
    ),
    await unread(
      'of version 0.0 whose records are not in turn',
      /which holds a sparse file whose map is damaged/,
      sparseFile('0.0', { ...small, more: [['GNU.sparse.numbytes', '0']] }),
    ),
    await unread(
      'whose regions overlap',
      /whose map is damaged/,
      sparseFile('0.1', {
        ...small,
        data: [
          [0, 'four'],
          [3, 'x'],
        ],
      }),
    ),
    await unread(
      'with data beyond its end',
      /whose map is damaged/,
      sparseFile('1.0', { ...small, data: [[8, 'xx']] }),
    ),
    await unread(
      'with a negative size',
      /declares the invalid number "-1"/,
      sparseFile('1.0', { ...small, size: '-1' }),
    ),
    await unread(
      'whose map says less than it has',
      /whose map says 0 bytes of data, but it has 1/,
      sparseFile('0.1', { ...small, data: [[0, 'x']], more: [['GNU.sparse.map', '0,0']] }),
    ),
    await unread(
      'that ends before its map',
      /whose map is cut off/,
      raw(
        paxRecords([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
        ]),
        rawHeader({ name: 'x' }),
      ),
    ),
    await unread(
      'that is a folder',
      /holds the sparse entry "x", which is no file/,
      sparseFile('0.1', { ...small, typeflag: '5' }),
    ),
    await layered(
      'a sparse file whose map has more than 1 MiB',
      [
        raw(
          paxRecords([
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.minor', '0'],
          ]),
          rawHeader({ name: 'x', size: 2 * MiB }),
          Buffer.concat([Buffer.from('500000\n'), Buffer.alloc(2 * MiB - 7, '0\n')]),
        ),
      ],
      /whose map has more than 1048576 bytes/,
      'engines built with Go before 1.24.8 read a map of any size into memory',
    ),
    // These hide a sparse file in what seems to be content, but is a header for engines.
    await layered('a sparse file in what a folder claims as its content', [
      raw(rawHeader({ name: 'folder', typeflag: '5', size: 512 })),
      old,
    ]),
    await layered('a sparse file in what an overridden extended header says is content', [
      raw(...paxHeader('size', '000512'), ...paxHeader('comment', 'x'), rawHeader({ name: 'x' })),
      old,
    ]),
    await layered('a sparse file in what an extended header before a global one says is content', [
      raw(...paxHeader('size', '000512'), ...paxHeader('comment', 'x', 'g'), rawHeader({ name: 'x' })),
      old,
    ]),
    await layered(
      'a sparse file in what an old folder claims as its content',
      [raw(rawHeader({ name: 'folder/', typeflag: '\0', size: 512 })), old],
      sparse,
    ),
    await layered(
      'an entry without a name, a folder to some and a file to others',
      [raw(rawHeader({ name: '\0', typeflag: '\0', size: 512 })), old],
      /which holds an entry without a name that claims 512 bytes/,
      harm.hidden,
    ),
    await layered(
      'a malformed header',
      [innocent, { name: '', raw: Buffer.alloc(512, 'x') }],
      /which is damaged after the entry "etc\/motd"/,
      harm.unreadable,
    ),
    await layered(
      'an extended header of 2 MiB',
      [raw(rawHeader({ typeflag: 'x', size: 2 * MiB }), Buffer.alloc(2 * MiB))],
      /which holds an extended header of 2097152 bytes/,
      harm.unreadable,
    ),
    await layered(
      'a damaged extended header',
      [raw(rawHeader({ typeflag: 'x', size: 5 }), padded('99 a=')), innocent],
      /which holds a damaged extended header/,
      harm.unreadable,
    ),
    {
      what: 'with a gzip layer that is no archive',
      prevents: harm.unreadable,
      archive: await spoilt(replacing(isLayer, () => ({ content: gzipSync(Buffer.alloc(KiB, 'x')) }))),
      says: /layer\.tar", which is not a tar archive/,
    },
  ];
}
