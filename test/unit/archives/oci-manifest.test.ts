import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { rewriteArchive, storedLayersOf, type StoredLayer } from '../../../lib/archives/index.js';
import { manifestAnnotation } from '../../../lib/common/labels.js';
import { readAll } from '../../../lib/streams/index.js';
import { buildImageArchive, layerOf, sha256 } from '../../support/archives.js';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

describe("an archive that is rewritten for containerd's store", () => {
  let layers: Buffer[];
  beforeAll(async () => {
    layers = await Promise.all(['lower', 'upper'].map((content) => layerOf([{ path: 'file', content }])));
  });

  /** The files of the layers, as a store keeps plain layers. */
  const plain = (): StoredLayer[] =>
    layers.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: `sha256:${sha256(layer)}`,
      size: layer.length,
    }));

  async function rewrite(source: Buffer, stored?: readonly StoredLayer[]) {
    const count = stored?.length ?? 0;
    const result = rewriteArchive(Readable.from([source], { objectMode: false }), {
      subject: 'Image 1',
      reference: 'nova-docker-driver.invalid/loading:name',
      layout: 'oci',
      ...(stored === undefined
        ? {}
        : {
            below: {
              layers: plain()
                .slice(0, count)
                .map(({ digest }) => digest),
              stored,
            },
          }),
    });
    const bytes = await readAll(result.archive, Infinity);
    return { bytes, image: await result.image };
  }

  it('ends with an index that names one image, whose id is the digest of its manifest', async () => {
    const { bytes, image } = await rewrite(await buildImageArchive({ layers, layout: 'oci' }));
    const text = bytes.toString('latin1');
    expect(text).not.toContain('"RepoTags"');
    expect(text.lastIndexOf('index.json')).toBeGreaterThan(
      text.lastIndexOf('"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest'),
    );
    expect(text).toContain('"io.containerd.image.name":"nova-docker-driver.invalid/loading:name"');
    expect(text).toContain(`"digest":"${image.id}"`);
  });

  it.each([
    ['oci', 'tar'],
    ['oci-gzip', 'tar+gzip'],
  ] as const)('describes layers of the layout %s as %s', async (layout, type) => {
    const { bytes } = await rewrite(await buildImageArchive({ layers, layout }));
    expect(String(bytes)).toContain(
      `{"mediaType":"application/vnd.oci.image.layer.v1.${type}","digest":"sha256:`,
    );
  });

  it('names the files of omitted layers as the store keeps them', async () => {
    const [lower, upper] = plain();
    const packed = {
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: `sha256:${'a'.repeat(64)}`,
      size: 7,
    };
    const { bytes } = await rewrite(await buildImageArchive({ layers, layout: 'oci' }), [packed]);
    expect(String(bytes)).toContain(`"layers":[${JSON.stringify(packed)},${JSON.stringify(upper)}]`);
    expect(String(bytes)).not.toContain(`"digest":"${String(lower?.digest)}"`);
  });
});

describe("the files of an image in containerd's store", () => {
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: `sha256:${'b'.repeat(64)}`,
    size: 3,
  };
  const manifest = JSON.stringify({ schemaVersion: 2, layers: [layer] });

  it('are read from the annotation that repeats its manifest', () => {
    expect(storedLayersOf(digestOf(manifest), { [manifestAnnotation]: manifest })).toEqual([layer]);
  });

  it.each([
    ['there is no annotation', {}, digestOf(manifest)],
    [
      'the annotation is the manifest of another image',
      { [manifestAnnotation]: manifest },
      digestOf('other'),
    ],
    ['the manifest has no layers', { [manifestAnnotation]: '{}' }, digestOf('{}')],
    ['the manifest is not JSON', { [manifestAnnotation]: '{' }, digestOf('{')],
  ])('are unknown when %s', (_when, annotations, id) => {
    expect(storedLayersOf(id, annotations)).toBeUndefined();
  });
});
