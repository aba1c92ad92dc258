import { gzipSync } from 'node:zlib';
import { imageEntries, layerOf, rawHeader } from '../archives.js';
import { paxRecords, sparseFile } from '../sparse-files.js';
import { beginning } from './broken.js';
import { thievingArchive } from './configurations.js';
import {
  harm,
  followed,
  isLayer,
  isManifest,
  MiB,
  preceded,
  raw,
  replacing,
  spoilt,
  type Change,
  type HostileArchive,
} from './spoil.js';

/** Archives with entries that an image archive may not have. */
export async function hostileEntries(): Promise<HostileArchive[]> {
  const layerAs = (by: Parameters<typeof replacing>[1]): Promise<Buffer> => spoilt(replacing(isLayer, by));
  const good = await imageEntries();
  const emptyLayer = await layerOf([]);
  const refused = async (
    what: string,
    prevents: string,
    change: Change,
    says: RegExp,
  ): Promise<HostileArchive> => ({
    what,
    prevents,
    archive: await spoilt(change),
    says,
  });
  return [
    await refused(
      'with a path that escapes',
      harm.escape,
      preceded({ name: '../escape' }),
      /"\.\.\/escape", which leads out/,
    ),
    await refused(
      'with a path that escapes deep inside',
      harm.escape,
      preceded({ name: 'a/b/../../../c' }),
      /which leads out/,
    ),
    await refused(
      'with a path that contains a NUL',
      harm.ambiguous,
      preceded({ name: 'x', pax: { path: 'manifest.json\0.txt' } }),
      /no path can contain/,
    ),
    await refused(
      'with a symbolic link to an absolute path',
      harm.escape,
      preceded({ name: 'x', type: 'symlink', linkname: '/etc/passwd' }),
      /symbolic link "x", which points out of the archive, to "\/etc\/passwd"/,
    ),
    await refused(
      'with a symbolic link that points out',
      harm.escape,
      preceded({ name: 'a/x', type: 'symlink', linkname: '../../etc/passwd' }),
      /symbolic link "a\/x", which points out/,
    ),
    await refused(
      'with a hard link that points out',
      harm.escape,
      preceded({ name: 'a/x', type: 'link', linkname: '../etc/passwd' }),
      /hard link "a\/x", which points out/,
    ),
    {
      what: 'with a layer that links to itself',
      prevents: harm.theft,
      archive: await layerAs(() => ({ type: 'symlink', linkname: 'layer.tar', content: '' })),
      says: /a link that leads to itself/,
    },
    {
      what: 'with a layer that links to nothing',
      prevents: harm.theft,
      archive: await layerAs(() => ({ type: 'symlink', linkname: 'nothing', content: '' })),
      says: /does not hold/,
    },
    {
      what: 'with a FIFO as its layer',
      prevents: harm.special,
      archive: await layerAs(() => ({ type: 'fifo' })),
      says: /layer\.tar", which is a FIFO/,
    },
    {
      what: 'with a device as its layer',
      prevents: harm.special,
      archive: await layerAs(() => ({ type: 'character-device' })),
      says: /layer\.tar", which is a character device/,
    },
    await refused(
      'with a block device',
      harm.special,
      preceded({ name: 'x', type: 'block-device' }),
      /which is a block device/,
    ),
    await refused(
      'with a FIFO as its manifest',
      harm.special,
      replacing(isManifest, () => ({ type: 'fifo' })),
      /is a FIFO/,
    ),
    await refused(
      'with an entry of a type for sockets',
      harm.unreadable,
      preceded(raw(rawHeader({ typeflag: 's' }))),
      /unknown type "s"/,
    ),
    await refused(
      "with a sparse file of GNU's old type",
      harm.diskBomb,
      preceded(raw(rawHeader({ typeflag: 'S' }))),
      /a sparse file/,
    ),
    await refused(
      'with a hole beyond the limit',
      harm.diskBomb,
      preceded(sparseFile('1.0', { name: 'x', size: 64 * MiB })),
      /is larger than the 33554432 bytes allowed/,
    ),
    await refused(
      'with a sparse file whose real path escapes',
      harm.escape,
      preceded(sparseFile('1.0', { name: '../x', size: 9 })),
      /"\.\.\/x", which leads out/,
    ),
    await refused(
      'with a global header that makes files sparse',
      harm.ambiguous,
      preceded(
        raw(
          paxRecords(
            [
              ['GNU.sparse.major', '1'],
              ['GNU.sparse.minor', '0'],
            ],
            'g',
          ),
        ),
      ),
      /global header that would change/,
    ),
    // The driver and the engine, which takes the last one, might read different entries.
    await refused(
      'with a layer twice, of other content the second time',
      harm.ambiguous,
      followed(...good.filter(isLayer).map((entry) => ({ ...entry, content: emptyLayer }))),
      /layer\.tar" twice/,
    ),
    await refused(
      'with two manifests',
      harm.ambiguous,
      preceded({ name: './manifest.json', content: '[]' }),
      /"manifest\.json" twice/,
    ),
    await refused(
      'with a link in the place of an entry',
      harm.ambiguous,
      preceded({ name: 'manifest.json', type: 'symlink', linkname: 'x' }),
      /"manifest\.json" twice/,
    ),
    await refused(
      'with a file without a name',
      harm.ambiguous,
      preceded(raw(rawHeader({ name: '.' }))),
      /a file without a name/,
    ),
    {
      what: 'with a layer of other content than its digest says',
      prevents: harm.theft,
      archive: await layerAs(({ content }) => ({ content: Buffer.from(content ?? '').fill('x', 512, 515) })),
      says: /with the digest sha256:[0-9a-f]+, while its configuration says/,
    },
    {
      what: 'with a blob of other content than its name says',
      prevents: harm.theft,
      archive: await spoilt(
        replacing(
          ({ name, content }) => name.startsWith('blobs/') && Buffer.isBuffer(content),
          () => ({ content: gzipSync('other') }),
        ),
        { layout: 'oci-gzip' },
      ),
      says: /blobs\/sha256\/[0-9a-f]+", whose content has another digest/,
    },
    {
      what: 'that steals a layer by its digest',
      prevents: harm.theft,
      archive: await thievingArchive([`sha256:${'b'.repeat(64)}`], { holds: false }),
      says: /does not hold "0\/layer\.tar"/,
    },
    {
      what: 'with a layer that only begins like xz',
      prevents: harm.unreadable,
      archive: await layerAs(() => ({ content: beginning('fd377a585a00') })),
      says: /layer\.tar", which is damaged xz data/,
    },
    {
      what: 'with a layer of nothing in the place of another',
      prevents: harm.theft,
      archive: await layerAs(() => ({ content: '' })),
      says: /with the digest sha256:e3b0c442[0-9a-f]+, while its configuration says/,
    },
    {
      what: 'with a layer whose gzip data is cut',
      prevents: harm.partial,
      archive: await layerAs(({ content }) => ({ content: gzipSync(content ?? '').subarray(0, -10) })),
      says: /layer\.tar", which is truncated gzip/,
    },
    {
      what: 'with a layer whose gzip data is followed by zeros',
      prevents: harm.unreadable,
      archive: await layerAs(({ content }) => ({
        content: Buffer.concat([gzipSync(content ?? ''), Buffer.alloc(9)]),
      })),
      says: /layer\.tar", which has data after the end of its gzip data/,
    },
  ];
}
