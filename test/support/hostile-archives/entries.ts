import { gzipSync } from 'node:zlib';
import { buildImageArchive, imageEntries, layerOf, padded, rawHeader, sha256 } from '../archives.js';
import { beginning } from './broken.js';
import { thievingArchive } from './configurations.js';
import {
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
  const refused = async (what: string, change: Change, says: RegExp): Promise<HostileArchive> => ({
    what,
    archive: await spoilt(change),
    says,
  });
  return [
    await refused(
      'with a path that escapes',
      preceded({ name: '../escape' }),
      /"\.\.\/escape", which leads out/,
    ),
    await refused(
      'with a path that escapes deep inside',
      preceded({ name: 'a/b/../../../c' }),
      /which leads out/,
    ),
    await refused(
      'with a path that contains a NUL',
      preceded({ name: 'x', pax: { path: 'manifest.json\0.txt' } }),
      /no path can contain/,
    ),
    await refused(
      'with a symbolic link to an absolute path',
      preceded({ name: 'x', type: 'symlink', linkname: '/etc/passwd' }),
      /symbolic link "x", which points out of the archive, to "\/etc\/passwd"/,
    ),
    await refused(
      'with a symbolic link that points out',
      preceded({ name: 'a/x', type: 'symlink', linkname: '../../etc/passwd' }),
      /symbolic link "a\/x", which points out/,
    ),
    await refused(
      'with a hard link that points out',
      preceded({ name: 'a/x', type: 'link', linkname: '../etc/passwd' }),
      /hard link "a\/x", which points out/,
    ),
    {
      what: 'with a layer that links to itself',
      archive: await layerAs(() => ({ type: 'symlink', linkname: 'layer.tar', content: '' })),
      says: /a link that leads to itself/,
    },
    {
      what: 'with a layer that links to nothing',
      archive: await layerAs(() => ({ type: 'symlink', linkname: 'nothing', content: '' })),
      says: /does not hold/,
    },
    {
      what: 'with a FIFO as its layer',
      archive: await layerAs(() => ({ type: 'fifo' })),
      says: /layer\.tar", which is a FIFO/,
    },
    {
      what: 'with a device as its layer',
      archive: await layerAs(() => ({ type: 'character-device' })),
      says: /layer\.tar", which is a character device/,
    },
    await refused(
      'with a block device',
      preceded({ name: 'x', type: 'block-device' }),
      /which is a block device/,
    ),
    await refused(
      'with a FIFO as its manifest',
      replacing(isManifest, () => ({ type: 'fifo' })),
      /is a FIFO/,
    ),
    await refused(
      'with an entry of a type for sockets',
      preceded(raw(rawHeader({ typeflag: 's' }))),
      /unknown type "s"/,
    ),
    await refused('with a sparse file', preceded(raw(rawHeader({ typeflag: 'S' }))), /a sparse file/),
    await refused(
      'with a sparse file of the newer kind',
      preceded({ name: 'x', pax: { 'GNU.sparse.major': '1' } }),
      /a sparse file/,
    ),
    // The driver and the engine, which takes the last one, might read different entries.
    await refused(
      'with a layer twice, of other content the second time',
      followed(...good.filter(isLayer).map((entry) => ({ ...entry, content: emptyLayer }))),
      /layer\.tar" twice/,
    ),
    await refused(
      'with two manifests',
      preceded({ name: './manifest.json', content: '[]' }),
      /"manifest\.json" twice/,
    ),
    await refused(
      'with a link in the place of an entry',
      preceded({ name: 'manifest.json', type: 'symlink', linkname: 'x' }),
      /"manifest\.json" twice/,
    ),
    await refused(
      'with a file without a name',
      preceded(raw(rawHeader({ name: '.' }))),
      /a file without a name/,
    ),
    {
      what: 'with a layer of other content than its digest says',
      archive: await layerAs(({ content }) => ({ content: Buffer.from(content ?? '').fill('x', 512, 515) })),
      says: /with the digest sha256:[0-9a-f]+, while its configuration says/,
    },
    {
      what: 'with a blob of other content than its name says',
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
      archive: await thievingArchive([`sha256:${'b'.repeat(64)}`], { holds: false }),
      says: /does not hold "0\/layer\.tar"/,
    },
    {
      what: 'with a layer compressed with xz',
      archive: await layerAs(() => ({ content: beginning('fd377a585a00') })),
      says: /layer\.tar", which is compressed with xz/,
    },
    {
      what: 'with a layer of nothing in the place of another',
      archive: await layerAs(() => ({ content: '' })),
      says: /with the digest sha256:e3b0c442[0-9a-f]+, while its configuration says/,
    },
    {
      what: 'with a layer whose gzip data is cut',
      archive: await layerAs(({ content }) => ({ content: gzipSync(content ?? '').subarray(0, -10) })),
      says: /layer\.tar", which is truncated gzip/,
    },
    {
      what: 'with a layer whose gzip data is followed by zeros',
      archive: await layerAs(({ content }) => ({
        content: Buffer.concat([gzipSync(content ?? ''), Buffer.alloc(9)]),
      })),
      says: /layer\.tar", which goes on after the end of its gzip data/,
    },
    ...(await sizesAndLimits()),
  ];
}

async function sizesAndLimits(): Promise<HostileArchive[]> {
  const sized = async (what: string, size: string | Buffer, says: RegExp): Promise<HostileArchive> => ({
    what,
    archive: await spoilt(preceded(raw(rawHeader({ name: 'x', size })))),
    says,
  });
  const manyEntries = Array.from({ length: 101 }, (_none, index) => ({ name: `${index}` }));
  const emptyLayer = await layerOf([]);
  const bomb = gzipSync(Buffer.alloc(40 * MiB));
  return [
    await sized(
      'whose entry claims to be larger than it is',
      '00000700000\0',
      /truncated: it ends in the entry "x"/,
    ),
    await sized('with a negative size', Buffer.alloc(12, 0xff), /gives the entry "x" an impossible size/),
    await sized('with a size that is no number', '0000000008z\0', /impossible size/),
    await sized('with a size of 8 EiB', Buffer.from('800000007fffffffffffffff', 'hex'), /impossible size/),
    await sized('with a size beyond the limit', '77777777777\0', /larger than the 33554432 bytes allowed/),
    {
      what: 'with a size that an extended header makes impossible',
      archive: await spoilt(preceded({ name: 'x', pax: { size: '-1' } })),
      says: /impossible size "-1"/,
    },
    {
      what: 'with an extended header of 1 MiB',
      archive: await spoilt(preceded({ name: 'x', pax: { comment: 'y'.repeat(MiB) } })),
      says: /extended header of \d+ bytes/,
    },
    {
      what: 'with a damaged extended header',
      archive: await spoilt(preceded(raw(rawHeader({ typeflag: 'x', size: 5 }), padded('99 a=')))),
      says: /damaged extended header/,
    },
    {
      what: 'with a global header that renames everything',
      archive: await spoilt(preceded(raw(rawHeader({ typeflag: 'g', size: 10 }), padded('10 path=x\n')))),
      says: /global header that would change/,
    },
    {
      what: 'with a name of 5000 characters',
      archive: await spoilt(preceded({ name: `${'d'.repeat(5000)}/x` })),
      says: /a name of 5002 characters/,
    },
    {
      what: 'with too many entries',
      archive: await spoilt(preceded(...manyEntries)),
      says: /more than the 100 entries allowed/,
    },
    {
      what: 'with too many layers',
      archive: await buildImageArchive({
        layout: 'oci',
        layers: Array.from({ length: 21 }, () => emptyLayer),
      }),
      says: /has 21 layers, which is more than the 20 allowed/,
    },
    {
      what: 'that is too large',
      archive: await buildImageArchive({ layers: [Buffer.concat([emptyLayer, Buffer.alloc(33 * MiB)])] }),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'that unpacks to too much',
      archive: gzipSync(
        await buildImageArchive({ layers: [Buffer.concat([emptyLayer, Buffer.alloc(33 * MiB)])] }),
      ),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'with a layer that unpacks to too much',
      archive: await spoilt(replacing(isLayer, () => ({ content: bomb }))),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'with more after its end than is allowed',
      archive: Buffer.concat([await buildImageArchive(), Buffer.alloc(33 * MiB, 'x')]),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      // The rewriter keeps all candidates for the configuration in memory until the end.
      what: 'with configurations of 16 MiB before its own',
      archive: await spoilt(
        preceded(
          ...Array.from({ length: 4 }, (_none, index) => ({
            name: `${sha256(String(index))}.json`,
            content: `{"rootfs":"${'x'.repeat(4 * MiB - '{"rootfs":""}'.length)}"}`,
          })),
        ),
      ),
      says: /too many configurations/,
    },
    {
      what: 'with a thousand extended headers for one entry',
      archive: await spoilt(
        preceded(
          raw(
            ...Array.from({ length: 1000 }, () => [
              rawHeader({ typeflag: 'x', size: 9 }),
              padded('9 a=bcde\n'),
            ]).flat(),
          ),
        ),
      ),
      says: /more than the 100 entries allowed/,
    },
  ];
}
