import { gzipSync } from 'node:zlib';
import { buildImageArchive, packEntries, padded, rawHeader, type ArchiveEntry } from '../archives.js';
import { packed } from '../packed.js';
import { harm, isLayer, KiB, MiB, raw, replacing, spoilt, type HostileArchive } from './spoil.js';

const sparse = /holds ".*", which holds a sparse file, which is not supported/;

/** An extended header with one record, as it precedes an entry. */
export const paxHeader = (key: string, value: string, typeflag = 'x'): Buffer[] => {
  const rest = ` ${key}=${value}\n`;
  // The records here have 10 to 99 bytes.
  const record = `${rest.length + 2}${rest}`;
  return [rawHeader({ typeflag, size: record.length }), padded(record)];
};

/** A file that consists of a hole, in the current sparse format of GNU tar. */
const sparseFile: ArchiveEntry = {
  name: 'GNUSparseFile.0/bomb',
  content: Buffer.concat([Buffer.from('0\n'), Buffer.alloc(510)]),
  pax: {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 'bomb',
    'GNU.sparse.realsize': String(64 * MiB),
  },
};

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
  const bomb = await packEntries([innocent, sparseFile]);
  const old = raw(rawHeader({ name: 'bomb', typeflag: 'S', magic: 'ustar  \0' }));
  return [
    await layered('a sparse file', [innocent, sparseFile]),
    {
      what: 'with a gzip layer that holds a sparse file',
      prevents: harm.diskBomb,
      archive: await spoilt(
        replacing(isLayer, () => ({ content: gzipSync(bomb) })),
        { layers: [bomb] },
      ),
      says: sparse,
    },
    {
      what: 'with a zstd layer that holds a sparse file',
      prevents: harm.diskBomb,
      archive: await spoilt(
        replacing(isLayer, () => ({ content: packed(bomb, 'zstd') })),
        { layers: [bomb] },
      ),
      says: /sparse file|compressed with zstd: this engine cannot/,
    },
    await layered('a sparse file of the oldest kind', [innocent, old]),
    await layered('a sparse file of version 0.0', [
      { ...innocent, pax: { 'GNU.sparse.size': '9', 'GNU.sparse.offset': '9', 'GNU.sparse.numbytes': '0' } },
    ]),
    await layered('a sparse file of version 0.1', [
      { ...innocent, pax: { 'GNU.sparse.size': '9', 'GNU.sparse.map': '9,0' } },
    ]),
    await layered('a global header that makes files sparse', [
      raw(...paxHeader('GNU.sparse.major', '1', 'g')),
      innocent,
    ]),
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
