import { gzipSync } from 'node:zlib';
import { buildImageArchive, layerOf, packEntries, padded, rawHeader, sha256 } from '../archives.js';
import { harm, isLayer, MiB, preceded, raw, replacing, spoilt, type HostileArchive } from './spoil.js';

/** Archives with sizes that are none, or that exceed a limit. */
export async function hostileSizes(): Promise<HostileArchive[]> {
  const sized = async (
    what: string,
    prevents: string,
    size: string | Buffer,
    says: RegExp,
  ): Promise<HostileArchive> => ({
    what,
    prevents,
    archive: await spoilt(preceded(raw(rawHeader({ name: 'x', size })))),
    says,
  });
  const manyEntries = Array.from({ length: 101 }, (_none, index) => ({ name: `${index}` }));
  const manyFiles = [
    {
      name: '',
      raw: Buffer.concat(Array.from({ length: 10_000 }, (_none, index) => rawHeader({ name: `f${index}` }))),
    },
  ];
  const emptyLayer = await layerOf([]);
  const tooLarge = await buildImageArchive({ layers: [Buffer.concat([emptyLayer, Buffer.alloc(33 * MiB)])] });
  const bomb = gzipSync(Buffer.alloc(40 * MiB));
  return [
    await sized(
      'whose entry claims to be larger than it is',
      harm.partial,
      '00000700000\0',
      /truncated: it ends in the entry "x"/,
    ),
    await sized(
      'with a negative size',
      harm.hidden,
      Buffer.alloc(12, 0xff),
      /declares an invalid size for the entry "x"/,
    ),
    await sized('with a size that is no number', harm.hidden, '0000000008z\0', /invalid size/),
    await sized(
      'with a size of 8 EiB',
      harm.hidden,
      Buffer.from('800000007fffffffffffffff', 'hex'),
      /invalid size/,
    ),
    await sized(
      'with a size beyond the limit',
      harm.disk,
      '77777777777\0',
      /larger than the 33554432 bytes allowed/,
    ),
    {
      what: 'with a size that an extended header makes impossible',
      prevents: harm.hidden,
      archive: await spoilt(preceded({ name: 'x', pax: { size: '-1' } })),
      says: /invalid size "-1"/,
    },
    {
      what: 'with an extended header of 1 MiB',
      prevents: harm.unreadable,
      archive: await spoilt(preceded({ name: 'x', pax: { comment: 'y'.repeat(MiB) } })),
      says: /extended header of \d+ bytes/,
    },
    {
      what: 'with a damaged extended header',
      prevents: harm.unreadable,
      archive: await spoilt(preceded(raw(rawHeader({ typeflag: 'x', size: 5 }), padded('99 a=')))),
      says: /damaged extended header/,
    },
    {
      what: 'with a global header that renames everything',
      prevents: harm.ambiguous,
      archive: await spoilt(preceded(raw(rawHeader({ typeflag: 'g', size: 10 }), padded('10 path=x\n')))),
      says: /global header that would change/,
    },
    {
      what: 'with a name of 5000 characters',
      prevents: harm.unreadable,
      archive: await spoilt(preceded({ name: `${'d'.repeat(5000)}/x` })),
      says: /a name of 5002 characters/,
    },
    {
      what: 'with too many entries',
      prevents: harm.memory,
      archive: await spoilt(preceded(...manyEntries)),
      says: /more than the 100 entries allowed/,
    },
    {
      what: 'with too many layers',
      prevents: harm.stacked,
      archive: await buildImageArchive({
        layout: 'oci',
        layers: Array.from({ length: 21 }, () => emptyLayer),
      }),
      says: /has 21 layers, which is more than the 20 allowed/,
    },
    {
      what: 'that is too large',
      prevents: harm.disk,
      archive: tooLarge,
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'that unpacks to too much',
      prevents: harm.disk,
      archive: gzipSync(tooLarge),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'with a layer that unpacks to too much',
      prevents: harm.disk,
      archive: await spoilt(replacing(isLayer, () => ({ content: bomb }))),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'with a layer of ten thousand empty files',
      prevents: harm.disk,
      archive: await buildImageArchive({ layers: [await packEntries(manyFiles)] }),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      what: 'of a root file system with ten thousand empty files',
      prevents: harm.disk,
      archive: await packEntries([{ name: 'etc/motd' }, ...manyFiles]),
      says: /larger than the 33554432 bytes allowed|more than the 100 entries allowed/,
    },
    {
      what: 'with more after its end than is allowed',
      prevents: harm.disk,
      archive: Buffer.concat([await buildImageArchive(), Buffer.alloc(33 * MiB, 'x')]),
      says: /larger than the 33554432 bytes allowed/,
    },
    {
      // All that could be a configuration is held in memory until the end.
      what: 'with configurations of 16 MiB before its own',
      prevents: harm.memory,
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
      prevents: harm.memory,
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
