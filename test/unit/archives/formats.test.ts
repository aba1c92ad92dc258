import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import {
  buildImageArchive,
  imageEntries,
  layerOf,
  packEntries,
  rawHeader,
  sha256,
} from '../../support/archives.js';
import {
  descriptorsOf,
  indexed,
  jsonBlob,
  mediaType,
  ociEntries,
  type Descriptor,
} from '../../support/oci-archives.js';
import { packed, packings } from '../../support/packed.js';
import { notForThisHost, refusal, refusedAs, rewritten } from '../../support/rewriting.js';

const KiB = 1024;

type Compressed = Exclude<(typeof packings)[number], 'plain'>;
const compressions: readonly Compressed[] = ['gzip', 'zstd', 'xz', 'bzip2'];

describe('rewriteArchive', () => {
  it.each(packings)('reads an archive that is packed as %s', async (packing) => {
    // Several blocks of each format: zstd's have at most 128 KiB, those of bzip2 100 KB.
    const archive = await buildImageArchive({
      layers: [[{ path: 'a', content: Buffer.alloc(300 * KiB, 'ab') }]],
    });
    const plain = await rewritten(archive);
    const bytes = packed(archive, packing);
    for (const piece of [Math.ceil(bytes.length / 5), bytes.length])
      expect(await rewritten(bytes, {}, piece)).toEqual(plain);
  });

  it.each(['zstd', 'xz', 'bzip2'] as const)('reads %s data of several frames or streams', async (packing) => {
    const archive = await buildImageArchive();
    const halves = [archive.subarray(0, 1500), archive.subarray(1500)].map((half) => packed(half, packing));
    const plain = await rewritten(archive);
    for (const piece of [64 * 1024, halves[0]?.length ?? 0])
      expect(await rewritten(Buffer.concat(halves), {}, piece)).toEqual(plain);
  });

  it.each(compressions)(
    'reads layers that are compressed with %s, names them by the digest of their unpacked data, and asks whether the engine accepts them',
    async (compression) => {
      const layer = await layerOf([{ path: 'etc/motd', content: 'hello' }]);
      const archive = await layered(compression, layer);
      const asked: string[] = [];
      const validateLayerCompression = (type: string): void => void asked.push(type);
      expect((await rewritten(archive, { validateLayerCompression })).diffIds).toEqual([
        `sha256:${sha256(layer)}`,
      ]);
      expect(asked).toEqual([compression]);
      const failure = new Error('not on this host');
      expect(await refusal(archive, { validateLayerCompression: () => Promise.reject(failure) })).toBe(
        failure,
      );
    },
  );

  it.each(compressions)(
    'refuses a layer that is compressed with %s and differs from the configuration: the image would get the files of another',
    async (compression) => {
      const layer = await layerOf([{ path: 'etc/motd', content: 'hello' }]);
      const archive = await layered(
        compression,
        layer,
        await layerOf([{ path: 'etc/motd', content: 'other' }]),
      );
      expect(await refusal(archive)).toEqual(refusedAs(/while its configuration says/));
    },
  );
});

/** An archive with one compressed layer. */
async function layered(compression: Compressed, layer: Buffer, instead = layer): Promise<Buffer> {
  const entries = await imageEntries({ layers: [layer] });
  return await packEntries(
    entries.map((entry) =>
      entry.name.endsWith('layer.tar') ? { ...entry, content: packed(instead, compression) } : entry,
    ),
  );
}

describe('malicious compressed data', () => {
  const bomb = Buffer.alloc(1024 * KiB);
  const limits = { maxBytes: 512 * KiB };

  it.each(compressions)('is refused as %s when its unpacked size exceeds the limit', async (packing) => {
    const archive = Buffer.concat([rawHeader({ name: 'a', size: bomb.length }), bomb]);
    expect(await refusal(packed(archive, packing), { limits })).toEqual(refusedAs(/larger than the 524288/));
  });

  it.each(compressions)(
    'is refused as a %s layer when its unpacked size exceeds the limit',
    async (compression) => {
      const archive = await layered(
        compression,
        Buffer.concat([rawHeader({ name: 'a', size: bomb.length }), bomb]),
      );
      expect(await refusal(archive, { limits })).toEqual(refusedAs(/larger than/));
    },
  );

  it.each([
    ['zstd', /truncated zstd data/],
    ['xz', /truncated xz data/],
    ['bzip2', /truncated bzip2 data/],
  ] as const)(
    'is refused as %s wherever it is truncated: an engine may load the truncated data',
    async (packing, says) => {
      const bytes = packed(await buildImageArchive(), packing);
      for (const length of [8, bytes.length >> 1, bytes.length - 1])
        expect(await refusal(bytes.subarray(0, length))).toEqual(refusedAs(says));
    },
  );

  it.each(['zstd', 'xz', 'bzip2'] as const)(
    'is refused as %s with data after its end, on which engines fail',
    async (packing) => {
      const bytes = packed(await buildImageArchive(), packing);
      for (const more of [Buffer.from('rubbish'.repeat(100)), Buffer.alloc(200 * 1024, 1)])
        expect(await refusal(Buffer.concat([bytes, more]))).toEqual(refusedAs(/damaged/));
    },
  );

  it.each(['zstd', 'xz', 'bzip2'] as const)(
    'is refused as %s when a byte is wrong, on which engines fail',
    async (packing) => {
      const bytes = packed(
        await buildImageArchive(),
        packing,
        ...{ zstd: ['--check'], xz: ['--check=crc64'], bzip2: [] }[packing],
      );
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      expect(await refusal(bytes)).toEqual(refusedAs(/damaged|truncated/));
    },
  );

  it("is refused as zstd with a large window, which would fill the driver's memory", async () => {
    // A frame header with a window of 256 MiB (2 to the power of 10 + 18), before a block that ends it.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00]);
    expect(await refusal(frame)).toEqual(refusedAs(/window of more than 128 MiB/));
  });

  it("is refused as xz with a large dictionary, which would fill the driver's memory", async () => {
    const bytes = packed(
      await buildImageArchive(),
      'xz',
      '--lzma2=preset=0,dict=96MiB',
      '--memlimit-compress=0',
    );
    expect(await refusal(bytes)).toEqual(refusedAs(/dictionary of more than 64 MiB/));
  });
});

describe('an archive of the OCI layout without a manifest.json', () => {
  const platform = (architecture: string): Partial<Descriptor> => ({
    platform: { os: 'linux', architecture },
  });

  it('contains the image that its index names, in any order of files', async () => {
    const entries = await ociEntries({ layers: [[{ path: 'a' }], [{ path: 'b' }]] });
    const expected = await rewritten(
      await buildImageArchive({ layout: 'oci', layers: [[{ path: 'a' }], [{ path: 'b' }]] }),
    );
    for (const order of [entries, [...entries].reverse()])
      expect((await rewritten(await packEntries(order))).diffIds).toEqual(expected.diffIds);
  });

  it('may name its image in a nested index, beside attestations', async () => {
    const entries = await ociEntries();
    const [image] = descriptorsOf(entries);
    const attestation = jsonBlob(
      mediaType.manifest,
      { schemaVersion: 2, layers: [] },
      {
        platform: { os: 'unknown', architecture: 'unknown' },
      },
    );
    const inner = jsonBlob(mediaType.index, { schemaVersion: 2, manifests: [image, attestation.descriptor] });
    const archive = await packEntries(indexed(entries, [inner.descriptor], inner.entry, attestation.entry));
    expect((await rewritten(archive)).diffIds).toHaveLength(1);
  });

  it("yields the image for the host's architecture, of several", async () => {
    const here = await ociEntries({ layers: [[{ path: 'here' }]] });
    const there = await ociEntries({ layers: [[{ path: 'there' }]] });
    const manifests = [
      ...descriptorsOf(there).map((each) => ({ ...each, ...platform('arm64') })),
      ...descriptorsOf(here).map((each) => ({ ...each, ...platform('amd64') })),
    ];
    const names = new Set(here.map(({ name }) => name));
    const archive = await packEntries(
      indexed([...here, ...there.filter(({ name }) => !names.has(name))], manifests),
    );
    const layer = `sha256:${sha256(await layerOf([{ path: 'here' }]))}`;
    expect((await rewritten(archive, { architecture: 'amd64' })).diffIds).toEqual([layer]);
    expect(await refusal(archive, { architecture: 's390x' })).toEqual(
      notForThisHost(/holds 2 images, none of them for linux\/s390x/),
    );
  });

  it('is refused when it holds several images, none, or one with a missing or changed blob', async () => {
    const one = await ociEntries();
    const other = await ociEntries({ layers: [[{ path: 'other' }]] });
    const names = new Set(one.map(({ name }) => name));
    const both = [...one, ...other.filter(({ name }) => !names.has(name))];
    const [image] = descriptorsOf(one);
    const isLayer = (name: string): boolean =>
      image !== undefined && name.startsWith('blobs/sha256/') && name.length > 20;
    const blobs = one.filter(({ name }) => isLayer(name));
    const loop = Array.from({ length: 6 }).reduce<
      readonly [Descriptor[], ...ReturnType<typeof jsonBlob>['entry'][]]
    >(
      ([manifests, ...entries]) => {
        const { entry, descriptor } = jsonBlob(mediaType.index, { schemaVersion: 2, manifests });
        return [[descriptor], entry, ...entries];
      },
      [descriptorsOf(one)],
    );
    const cases: [RegExp, Buffer][] = [
      [/holds 2 images/, await packEntries(indexed(both, [...descriptorsOf(one), ...descriptorsOf(other)]))],
      [/names no image manifest/, await packEntries(indexed(one, []))],
      [
        /names no image manifest/,
        await packEntries(
          indexed(
            one.filter((entry) => !blobs.includes(entry)),
            descriptorsOf(one),
          ),
        ),
      ],
      [/more than 4 deep/, await packEntries(indexed(one, ...loop))],
      [
        /not a sha256 digest/,
        await packEntries(indexed(one, [{ mediaType: mediaType.manifest, digest: 'sha512:aa', size: 1 }])),
      ],
      [
        /index "index\.json", which engines cannot read: manifests/,
        await packEntries(
          one.map((entry) =>
            entry.name === 'index.json' ? { ...entry, content: '{"manifests":7}' } : entry,
          ),
        ),
      ],
    ];
    for (const [says, archive] of cases) expect(await refusal(archive)).toEqual(refusedAs(says));
    for (const blob of blobs.filter(({ content }) => content !== undefined)) {
      const without = one.filter((entry) => entry !== blob);
      expect(await refusal(await packEntries(without))).toBeInstanceOf(ImageUnacceptable);
      const changed = [
        ...without,
        { ...blob, content: Buffer.concat([Buffer.from(blob.content ?? ''), Buffer.alloc(512, ' ')]) },
      ];
      expect(await refusal(await packEntries(changed))).toBeInstanceOf(ImageUnacceptable);
    }
  });
});
