import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { rewriteArchive } from '../../../lib/archives/index.js';
import { buildImageArchive, layerOf, packEntries, rawHeader, sha256 } from '../../support/archives.js';
import { packed, packings } from '../../support/packed.js';
import { sparseFile, sparseVersions } from '../../support/sparse-files.js';
import { refusal, refusedAs, rewritten } from '../../support/rewriting.js';

const MiB = 1024 * 1024;

describe('the archive of a root file system', () => {
  const rootFileSystem = (): { Cmd: string[] } => ({ Cmd: ['sh'] });
  const files = [
    { path: 'etc/motd', content: 'hello' },
    { path: 'bin/sh', content: 'x' },
  ];

  it.each(packings)('is passed on unchanged, packed as %s', async (packing) => {
    const layer = await layerOf(files);
    const result = await rewritten(packed(layer, packing), { rootFileSystem });
    expect(result).toEqual({
      form: 'root file system',
      digest: sha256(layer),
      diffIds: [`sha256:${sha256(layer)}`],
    });
  });

  it('is recognized by the first entry that only one of the two formats has', async () => {
    const folder = { type: 'directory' } as const;
    const roots = [
      [
        { name: './', ...folder },
        { name: './app/', ...folder },
        { name: './bin/', ...folder },
      ],
      [{ name: '.dockerenv' }],
      [{ name: 'bin', type: 'symlink', linkname: 'usr/bin' }],
      [{ name: `usr/${'long/'.repeat(60)}`, ...folder }],
    ] as const;
    for (const entries of roots)
      expect((await rewritten(await packEntries(entries), { rootFileSystem })).form).toBe('root file system');
    for (const layout of ['docker', 'oci', 'oci-gzip'] as const)
      expect((await rewritten(await buildImageArchive({ layout }), { rootFileSystem })).form).toBe('image');
    const neither = await packEntries([{ name: 'hello', content: 'x' }]);
    expect(await refusal(neither, { rootFileSystem })).toEqual(
      refusedAs(/does not begin as a root file system/),
    );
  });

  it('is refused where only images are accepted, because engines cannot load it as an image', async () => {
    expect(await refusal(await layerOf(files))).toEqual(refusedAs(/has no manifest\.json/));
  });

  it('is refused when it is truncated (half a system would boot), damaged (engines fail), larger than the limit, or leads out of the root (engines fail)', async () => {
    const good = await layerOf(files);
    const outside = [
      { name: 'etc/', type: 'directory' as const },
      { name: 'x/../../y', content: 'x' },
    ];
    const cases: [RegExp, Buffer][] = [
      [/truncated/, good.subarray(0, -1024)],
      [/truncated/, good.subarray(0, 700)],
      [/damaged/, Buffer.concat([good.subarray(0, 1024), Buffer.alloc(512, 'x'), good.subarray(1024)])],
      [/leads out of the root/, await packEntries(outside)],
      [/larger than/, Buffer.concat([rawHeader({ name: 'etc/x', size: 8 * MiB }), Buffer.alloc(8 * MiB)])],
    ];
    for (const [says, archive] of cases)
      expect(await refusal(archive, { rootFileSystem, limits: { maxBytes: 4 * MiB } })).toEqual(
        refusedAs(says),
      );
  });

  it.each(sparseVersions)(
    'is passed on unchanged with sparse files of version %s, whose holes and real paths count',
    async (version) => {
      const first = { name: 'etc/', type: 'directory' } as const;
      const data = [[9, 'something']] as const;
      const archive = await packEntries([
        first,
        sparseFile(version, { name: 'etc/x', size: MiB, data }),
        first,
      ]);
      for (const piece of [100, 512, archive.length])
        expect(await rewritten(archive, { rootFileSystem }, piece)).toMatchObject({
          digest: sha256(archive),
        });
      expect(await refusal(archive, { rootFileSystem, limits: { maxBytes: MiB } })).toEqual(
        refusedAs(/is larger than the 1048576 bytes allowed/),
      );
      const outside = await packEntries([first, sparseFile(version, { name: '../x', size: 9 })]);
      expect(await refusal(outside, { rootFileSystem })).toEqual(
        refusedAs(/"\.\.\/x", which leads out of the root/),
      );
    },
  );

  it('gets its end mark only after its source has ended', async () => {
    const layer = await layerOf(files);
    const failure = new ImageUnacceptable('the hash differs');
    const source = Readable.from(
      (function* () {
        yield layer;
        throw failure;
      })(),
      { objectMode: false },
    );
    const { archive, image } = rewriteArchive(source, { subject: 'Image 1', rootFileSystem });
    let bytes = 0;
    const reading = async (): Promise<void> => {
      for await (const piece of archive) bytes += Buffer.isBuffer(piece) ? piece.length : 0;
    };
    await expect(reading()).rejects.toBe(failure);
    await expect(image).rejects.toBe(failure);
    expect(bytes).toBeLessThanOrEqual(layer.length - 1024);
  });
});

describe('the archive of a root file system whose configuration is not available', () => {
  it('fails with the reason, also when it is not read', async () => {
    const failure = new ImageUnacceptable('no such user');
    const { archive, form } = rewriteArchive(
      Readable.from([await layerOf([{ path: 'etc/motd' }])], { objectMode: false }),
      {
        subject: 'Image 1',
        rootFileSystem: () => {
          throw failure;
        },
      },
    );
    await expect(form).rejects.toBe(failure);
    archive.destroy();
  });
});
