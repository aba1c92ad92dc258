import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { defaultImageLimits } from '../../../../lib/archives/index.js';
import type { ImageData } from '../../../../lib/image-services/index.js';
import { IndexUnusable } from '../../../../lib/images/layers/archive-index.js';
import { ImageRanges } from '../../../../lib/images/layers/image-ranges.js';
import { indexedImage } from '../../../../lib/images/layers/missing-layers.js';
import { probeIndex } from '../../../../lib/images/layers/probe-index.js';
import { asError } from '../../../../lib/streams/index.js';
import {
  buildImageArchive,
  imageEntries,
  layerOf,
  packEntries,
  rawHeader,
  sha256,
  type ArchiveEntry,
} from '../../../support/archives.js';
import { hostileArchives } from '../../../support/hostile-archives/index.js';

const large = (text: string): Promise<Buffer> => layerOf([{ path: text, content: text.repeat(100_000) }]);
const layers = [await large('one'), await large('two'), await large('one')];

/** Reads the index of an archive by range requests. */
async function probed(archive: Buffer): Promise<{
  readonly bytes: number;
  readonly requests: number;
  /** Digests of the byte ranges that the index lists as layers. */
  readonly layers: readonly string[];
}> {
  let [bytes, requests] = [0, 0];
  const data: ImageData = {
    isBelieved: true,
    download: ({ range = { first: 0, last: archive.length - 1 } }) => {
      const part = archive.subarray(range.first, range.last + 1);
      bytes += part.length;
      requests += 1;
      return Promise.resolve(Readable.from([part], { objectMode: false }));
    },
  };
  const { signal } = new AbortController();
  const ranges = new ImageRanges(data, archive.length, signal);
  const index = await probeIndex(ranges, defaultImageLimits);
  const image = await indexedImage(ranges, index, defaultImageLimits);
  expect(image.configuration.rootfs.diff_ids).toHaveLength(index.layers.length);
  return {
    bytes,
    requests,
    layers: index.layers.map(({ offset, size }) => sha256(archive.subarray(offset, offset + size))),
  };
}

const good = await imageEntries({ layers });

describe('probeIndex', () => {
  it.each(['docker', 'oci'] as const)(
    'finds the layers with a few small requests (%s layout)',
    async (layout) => {
      const archive = await buildImageArchive({ layers, layout });
      const { bytes, requests, layers: found } = await probed(archive);
      expect(found).toEqual(layers.map(sha256));
      expect(requests).toBeLessThanOrEqual(6);
      expect(bytes).toBeLessThan(100_000);
    },
  );

  it('finds layers whose long names need headers of their own', async () => {
    const entries = await imageEntries({ layers: layers.slice(0, 2) });
    const long = `${'a-long-name/'.repeat(20)}layer.tar`;
    const [first = ''] = entries.filter(({ name }) => name.endsWith('layer.tar')).map(({ name }) => name);
    const renamed = entries.map((entry) => ({
      ...entry,
      name: entry.name === first ? long : entry.name,
      ...(entry.name === 'manifest.json' ? { content: String(entry.content).replace(first, long) } : {}),
    }));
    const { layers: found } = await probed(await packEntries(renamed));
    expect(found).toEqual(layers.slice(0, 2).map(sha256));
  });

  const changed = (change: (entry: ArchiveEntry) => ArchiveEntry[]): Promise<Buffer> =>
    packEntries(good.flatMap(change));
  it.each([
    ['is compressed', buildImageArchive({ layers, gzip: true })],
    ['is not a tar archive', Promise.resolve(Buffer.alloc(100_000, 'no archive'))],
    ['is truncated', buildImageArchive({ layers }).then((bytes) => bytes.subarray(0, 400_000))],
    [
      'has an entry that is longer than the archive',
      packEntries([{ name: '', raw: rawHeader({ name: 'a', size: 2 ** 32 }) }, ...good]),
    ],
    [
      'has an entry whose size exceeds a safe integer',
      packEntries([{ name: '', raw: rawHeader({ name: 'a', size: Buffer.alloc(12, 0xbf) }) }, ...good]),
    ],
    ['holds a path twice', packEntries([...good, ...good.slice(-2, -1)])],
    ['lacks a layer', changed((e) => (e.name.endsWith('layer.tar') ? [] : [e]))],
    [
      'has a link to itself',
      changed((e) =>
        e.name.endsWith('layer.tar') ? [{ name: e.name, type: 'symlink', linkname: 'layer.tar' }] : [e],
      ),
    ],
    [
      'has a configuration whose digest differs from its name',
      changed((e) =>
        /^[0-9a-f]{64}\.json$/.test(e.name)
          ? [{ ...e, content: String(e.content).replace('test', 'tset') }]
          : [e],
      ),
    ],
    [
      'has a configuration whose name is not a digest',
      changed((e) => [
        {
          ...e,
          name: e.name.replace(/^[0-9a-f]{64}\.json$/, 'config.json'),
          ...(e.name === 'manifest.json'
            ? { content: String(e.content).replace(/[0-9a-f]{64}\.json/, 'config.json') }
            : {}),
        },
      ]),
    ],
    [
      'has so many entries that the index would take too many requests',
      packEntries([
        ...Array.from({ length: 500 }, (_, number) => ({
          name: `f${number}`,
          content: Buffer.alloc(20_000),
        })),
        ...good,
      ]),
    ],
  ])(
    'refuses an archive that %s: the whole image is fetched instead, and refused then',
    async (_what, archive) => {
      await expect(probed(await archive)).rejects.toMatchObject({
        name: expect.stringMatching(/^(IndexUnusable|ArchiveRefused)$/),
      });
    },
  );

  it('fails on hostile archives with no error other than a refusal', async () => {
    for (const { archive } of await hostileArchives()) {
      const found = probed(archive).then(
        () => Promise.reject(new IndexUnusable('as good as another')),
        (error: unknown) => Promise.reject(asError(error)),
      );
      await expect(found).rejects.toMatchObject({
        name: expect.stringMatching(/^(IndexUnusable|ArchiveRefused|InvalidInput|ImageUnacceptable)$/),
      });
    }
  });
});
