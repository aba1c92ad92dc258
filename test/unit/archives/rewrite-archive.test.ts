import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { rewriteArchive, type RewriteOptions, type RewrittenImage } from '../../../lib/archives/index.js';
import { readAll } from '../../../lib/streams/index.js';
import {
  buildImageArchive,
  imageEntries,
  imageIdOf,
  layerOf,
  packEntries,
  padded,
  rawHeader,
  sha256,
  type ImageArchiveOptions,
} from '../../support/archives.js';

interface Rewritten {
  readonly bytes: Buffer;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly manifest: unknown;
  readonly image: RewrittenImage;
}

async function rewritten(archive: Buffer, options: Partial<RewriteOptions> = {}): Promise<Rewritten> {
  const result = rewriteArchive(Readable.from([archive], { objectMode: false }), {
    subject: 'Image 1',
    reference: 'ours:1',
    ...options,
  });
  const bytes = await readAll(result.archive, Infinity);
  const files = new Map<string, Buffer>();
  const reader = extract();
  reader.end(bytes);
  for await (const entry of reader) {
    expect(entry.header.type).toBe('file');
    files.set(entry.header.name, await readAll(entry, Infinity));
  }
  return {
    bytes,
    files,
    manifest: JSON.parse(String(files.get('manifest.json'))),
    image: await result.image,
  };
}

const layers = [
  await layerOf([{ path: 'etc/motd', content: 'one' }]),
  await layerOf([{ path: 'etc/motd', content: 'two, which is longer'.repeat(100) }]),
  await layerOf([{ path: 'etc/motd', content: 'one' }]),
];
const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);

const layouts: readonly (ImageArchiveOptions & { readonly name: string })[] = [
  { name: 'of the old layout', layout: 'docker' },
  { name: 'of the OCI layout', layout: 'oci' },
  { name: 'of the OCI layout with compressed layers', layout: 'oci-gzip' },
  { name: 'of the old layout, compressed', layout: 'docker', gzip: true },
  { name: 'of the OCI layout with compressed layers, compressed', layout: 'oci-gzip', gzip: true },
];

describe('rewriteArchive', () => {
  it.each(layouts)('keeps image and layers of an archive $name', async (options) => {
    const { files, manifest, image } = await rewritten(await buildImageArchive({ ...options, layers }));
    const id = await imageIdOf({ ...options, layers });
    expect(image.id).toBe(id);
    expect(image.layers.map(({ diffId }) => diffId)).toEqual(diffIds);
    expect(image.configuration.rootfs.diff_ids).toEqual(diffIds);
    const config = [...files.keys()].at(-2) ?? '';
    expect(manifest).toEqual([
      { Config: config, RepoTags: ['ours:1'], Layers: image.layers.map(({ name }) => name) },
    ]);
    expect(`sha256:${sha256(files.get(config) ?? '')}`).toBe(id);
    const compressed = options.layout === 'oci-gzip';
    for (const [index, layer] of image.layers.entries()) {
      const expected = layers[index] ?? Buffer.alloc(0);
      const content = files.get(layer.name);
      expect(content?.equals(compressed ? gzipSync(expected) : expected)).toBe(true);
      expect(layer.size).toBe(content?.length);
    }
  });

  it('writes only two layers, the configuration and, last, the manifest', async () => {
    const { files, image } = await rewritten(await buildImageArchive({ layers }));
    const configuration = `${image.id.replace('sha256:', '')}.json`;
    expect([...files.keys()]).toEqual(['1-0001', '1-0002', configuration, 'manifest.json']);
  });

  it('shares no file name with an archive for another reference: engines may mix them up', async () => {
    const archive = await buildImageArchive();
    const namesFor = async (reference: string): Promise<string[]> => {
      const { files } = await rewritten(archive, { reference });
      return [...files.keys()].filter((name) => /^[^.]*$/.test(name));
    };
    expect(await namesFor('loading:tmp-1')).toEqual(['tmp-1-0001']);
    expect(await namesFor('loading:tmp-2')).toEqual(['tmp-2-0001']);
  });

  it('writes no reference when it gets none', async () => {
    const result = rewriteArchive(Readable.from([await buildImageArchive()]), { subject: 'Image 1' });
    const text = String(await readAll(result.archive, Infinity));
    expect(text).toContain('"RepoTags":null');
    expect(text).not.toContain('test/image');
  });

  it('rewrites its own output to the same bytes', async () => {
    const once = await rewritten(await buildImageArchive({ layers }));
    const twice = await rewritten(once.bytes);
    expect(twice.bytes.equals(once.bytes)).toBe(true);
  });

  it('finds a manifest that comes first and layers that hard links name', async () => {
    const entries = await imageEntries({ layers });
    const linked = entries.map((entry) =>
      entry.type === 'symlink'
        ? { ...entry, type: 'link' as const, linkname: entry.linkname?.replace('../', './') ?? '' }
        : entry,
    );
    const { image } = await rewritten(await packEntries(linked.reverse()));
    expect(image.layers.map(({ diffId }) => diffId)).toEqual(diffIds);
  });

  it('follows links to links', async () => {
    const [layer = Buffer.alloc(0)] = layers;
    const entries = await imageEntries({ layers: [layer] });
    const path = entries.find(({ name }) => name.endsWith('layer.tar'))?.name ?? '';
    const archive = await packEntries([
      { name: 'real.tar', content: layer },
      ...entries.map((entry) =>
        entry.name === path ? { name: path, type: 'symlink' as const, linkname: '../first' } : entry,
      ),
      { name: 'first', type: 'symlink', linkname: './second' },
      { name: 'second', type: 'link', linkname: 'real.tar' },
    ]);
    const { image } = await rewritten(archive);
    expect(image.layers).toHaveLength(1);
  });

  it('reads long names of both kinds, numbers in binary, and headers without a magic', async () => {
    const [layer = Buffer.alloc(0)] = layers;
    const long = `${'d'.repeat(150)}/layer.tar`;
    const gnu = `${'e'.repeat(150)}/layer.tar`;
    const size = Buffer.alloc(12);
    size.writeUInt8(0x80);
    size.writeUInt32BE(layer.length, 8);
    const configuration = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [diffIds[0], diffIds[0]] } });
    const archive = await packEntries([
      { name: 'x', content: layer, pax: { path: long, comment: 'ü = ü' } },
      {
        name: '',
        raw: Buffer.concat([
          rawHeader({ name: '././@LongLink', typeflag: 'L', size: gnu.length + 1 }),
          padded(`${gnu}\0`),
          rawHeader({ name: 'cut', size, magic: 'ustar  \0' }),
          padded(layer),
          rawHeader({ name: 'old/', magic: '', typeflag: '\0' }),
          rawHeader({ name: 'config', size: configuration.length, magic: '', typeflag: '\0' }),
          padded(configuration),
        ]),
      },
      {
        name: 'manifest.json',
        content: JSON.stringify([{ Config: './config', Layers: [long, `./${gnu}`] }]),
      },
    ]);
    const { image } = await rewritten(archive);
    expect(image.layers.map(({ size: bytes }) => bytes)).toEqual([layer.length, layer.length]);
  });

  it('recognizes a layer whose first file has the name of metadata', async () => {
    const layer = await layerOf([{ path: '{"rootfs"}' }]);
    const { image } = await rewritten(await buildImageArchive({ layers: [layer] }));
    expect(image.layers).toMatchObject([{ diffId: `sha256:${sha256(layer)}` }]);
  });

  it('accepts gzip data of several members', async () => {
    const archive = await buildImageArchive({ layers });
    const members = Buffer.concat([
      gzipSync(archive.subarray(0, 1000)),
      gzipSync(Buffer.alloc(0)),
      gzipSync(archive.subarray(1000)),
    ]);
    expect((await rewritten(members)).image.id).toBe(await imageIdOf({ layers }));
  });

  it('ignores data after the end of an archive', async () => {
    const archive = Buffer.concat([await buildImageArchive(), Buffer.alloc(10_000, 'x')]);
    expect((await rewritten(archive)).image.id).toBe(await imageIdOf());
  });

  it('omits files that the manifest does not name', async () => {
    const archive = await packEntries([
      { name: 'README', content: 'hello' },
      { name: 'huge.json', content: `[${' '.repeat(5 * 1024 * 1024)}]` },
      { name: 'evil', type: 'symlink', linkname: 'nowhere' },
      ...(await imageEntries()),
    ]);
    const { files } = await rewritten(archive);
    expect([...files.keys()]).toEqual([
      '1-0001',
      expect.stringMatching(/^[0-9a-f]{64}\.json$/),
      'manifest.json',
    ]);
  });

  it('writes the rewritten configuration under its own digest', async () => {
    const { image, files } = await rewritten(await buildImageArchive({ layers }), {
      rewriteConfiguration: (configuration) => ({ ...configuration, author: 'me' }),
    });
    const content = files.get(`${image.id.replace('sha256:', '')}.json`) ?? '';
    expect(JSON.parse(String(content))).toMatchObject({ author: 'me', architecture: 'amd64' });
    expect(image.id).toBe(`sha256:${createHash('sha256').update(content).digest('hex')}`);
    expect(image.configuration.author).toBe('me');
  });

  it('yields the same result for chunks of any size', async () => {
    const archive = await buildImageArchive({ layers, layout: 'oci-gzip', gzip: true });
    const whole = await rewritten(archive);
    for (const size of [1, 7, 511, 513]) {
      const pieces = Array.from({ length: Math.ceil(archive.length / size) }, (_none, index) =>
        archive.subarray(index * size, (index + 1) * size),
      );
      const { archive: out } = rewriteArchive(Readable.from(pieces, { objectMode: false }), {
        subject: 'Image 1',
        reference: 'ours:1',
      });
      expect((await readAll(out, Infinity)).equals(whole.bytes)).toBe(true);
    }
  });
});
