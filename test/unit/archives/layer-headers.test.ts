import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { buildImageArchive, packEntries, padded, rawHeader, sha256 } from '../../support/archives.js';
import { paxHeader } from '../../support/hostile-archives/layers.js';
import { sparseFile, sparseVersions } from '../../support/sparse-files.js';
import { refusal, refusedAs, rewritten } from '../../support/rewriting.js';

const file = [rawHeader({ name: 'file', size: 6 }), padded('hello\n')];
const binarySize = (size: number): Buffer => {
  const field = Buffer.alloc(12);
  field.writeUInt8(0x80, 0);
  field.writeUInt32BE(size, 8);
  return field;
};
/** What would be refused, were it an entry. */
const sparse = rawHeader({ name: 'sparse', typeflag: 'S' });
const end = Buffer.alloc(1024);

const legal: readonly (readonly [string, readonly Buffer[]])[] = [
  ['of nothing but its end', [end]],
  ['without the mark that ends it', file],
  ['with half of that mark', [...file, Buffer.alloc(512)]],
  ['with anything after that mark', [...file, end, sparse, Buffer.alloc(300, 'x')]],
  ['with a size in binary', [rawHeader({ size: binarySize(512) }), sparse, ...file, end]],
  [
    'with a size in an extended header',
    [...paxHeader('size', '000512'), rawHeader({}), sparse, ...file, end],
  ],
  ['with a header of its own for all its entries', [...paxHeader('comment', 'x', 'g'), ...file, end]],
  [
    'with a long name and a long link',
    [
      rawHeader({ name: '././@LongLink', typeflag: 'L', size: 301 }),
      padded(`${'n'.repeat(300)}\0`),
      rawHeader({ name: '././@LongLink', typeflag: 'K', size: 301 }),
      padded(`${'l'.repeat(300)}\0`),
      rawHeader({ typeflag: '2', magic: 'ustar  \0' }),
      ...file,
      end,
    ],
  ],
  [
    'with an extended attribute of 64 KiB',
    [rawHeader({ typeflag: 'x', size: 65564 }), padded(`65564 SCHILY.xattr.user.a=${'x'.repeat(65537)}\n`)],
  ],
  ['with an empty extended header', [rawHeader({ typeflag: 'x' }), ...file, end]],
  [
    'with a hard link that claims a size',
    [rawHeader({ typeflag: '1', size: 512, linkname: 'file' }), ...file],
  ],
  ['with a folder in the oldest form', [rawHeader({ name: 'folder/', typeflag: '\0' }), ...file, end]],
  ['with a file in the oldest form', [rawHeader({ typeflag: '\0', size: 512 }), sparse, ...file, end]],
  ['whose file has what looks like one in it', [rawHeader({ size: 1024 }), sparse, sparse, ...file, end]],
];

describe('rewriteArchive', () => {
  it.each(legal)('accepts a layer %s and does not change it', async (_what, blocks) => {
    const layer = Buffer.concat(blocks);
    const plain = await buildImageArchive({ layers: [layer] });
    const zipped = await buildImageArchive({ layers: [layer], layout: 'oci-gzip' });
    for (const piece of [100, 512, 700, plain.length])
      for (const archive of [plain, zipped])
        expect((await rewritten(archive, {}, piece)).diffIds).toEqual([`sha256:${sha256(layer)}`]);
  });

  it('accepts a gzip layer that unpacks to no data', async () => {
    const archive = await buildImageArchive({ layers: [Buffer.alloc(0)], layout: 'oci-gzip' });
    expect((await rewritten(archive)).diffIds).toEqual([`sha256:${sha256('')}`]);
  });

  it('finds a sparse file of the old GNU type in a layer in chunks of any size', async () => {
    const layer = await packEntries([
      { name: 'x', content: 'x'.repeat(700) },
      { name: '', raw: sparse },
    ]);
    for (const archive of [
      await buildImageArchive({ layers: [layer] }),
      gzipSync(await buildImageArchive({ layers: [layer], layout: 'oci-gzip' })),
    ])
      for (const piece of [1, 511, 512, 513, archive.length])
        expect(await refusal(archive, {}, piece)).toEqual(refusedAs(/which holds a sparse file/));
  });

  it.each(sparseVersions)('counts the holes of version %s against the limit', async (version) => {
    const size = 1024 * 1024;
    const data = [[512, 'something']] as const;
    const archive = await buildImageArchive({
      layers: [await packEntries([sparseFile(version, { name: 'x', size, data })])],
    });
    for (const piece of [100, 512, archive.length]) {
      const enough = { maxBytes: size + 2 * archive.length };
      await expect(rewritten(archive, { limits: enough }, piece)).resolves.toBeDefined();
      expect(await refusal(archive, { limits: { maxBytes: size } }, piece)).toEqual(
        refusedAs(/which is larger than the 1048576 bytes allowed/),
      );
    }
  });

  it('finds what follows a sparse file whose map has several blocks', async () => {
    const data = Array.from({ length: 300 }, (_none, index) => [index * 1000, 'x'] as const);
    const many = sparseFile('1.0', { name: 'x', size: 300_000, data });
    const layer = await packEntries([many, { name: '', raw: sparse }]);
    const archive = await buildImageArchive({ layers: [layer] });
    for (const piece of [100, 512, archive.length])
      expect(await refusal(archive, {}, piece)).toEqual(refusedAs(/of GNU's old type/));
    const harmless = await buildImageArchive({ layers: [await packEntries([many])] });
    await expect(rewritten(harmless)).resolves.toBeDefined();
  });
});
