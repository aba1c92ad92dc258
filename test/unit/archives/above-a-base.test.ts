import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { rewriteArchive, type LayersBelow } from '../../../lib/archives/index.js';
import { readAll } from '../../../lib/streams/index.js';
import {
  buildImageArchive,
  imageEntries,
  imageIdOf,
  layerOf,
  packEntries,
  sha256,
} from '../../support/archives.js';
import { packed } from '../../support/packed.js';
import { refusal, refusedAs } from '../../support/rewriting.js';

describe('an archive that is rewritten to hold only the layers above its base image', () => {
  let layers: Buffer[];
  let diffIds: string[];

  beforeAll(async () => {
    const contents = ['lowest', 'second', 'uppermost'];
    layers = await Promise.all(contents.map((content) => layerOf([{ path: 'file', content }])));
    diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);
  });

  /** The base's layers are known by their digests, as engines from 25 on name their files. */
  function below(count: number): LayersBelow {
    const digests = diffIds.slice(0, count);
    return {
      layers: digests,
      holds: (path) => digests.includes(path.replace('blobs/sha256/', 'sha256:')),
    };
  }

  async function above(archive: Buffer, base: LayersBelow): Promise<Buffer> {
    const source = Readable.from([archive], { objectMode: false });
    return await readAll(rewriteArchive(source, { subject: 'Image 1', below: base }).archive, Infinity);
  }

  it('holds no layer of the base, names all layers, and is the same image', async () => {
    const archive = await buildImageArchive({ layers, layout: 'oci' });
    const source = Readable.from([archive], { objectMode: false });
    const result = rewriteArchive(source, { subject: 'Image 1', below: below(2) });
    const bytes = await readAll(result.archive, Infinity);
    const image = await result.image;
    expect(image.id).toBe(await imageIdOf({ layers, layout: 'oci' }));
    expect(image.configuration.rootfs.diff_ids).toEqual(diffIds);
    expect(image.layers).toEqual([
      { name: '0001', type: 'tar', size: layers[2]?.length, diffId: diffIds[2] },
    ]);
    expect(bytes.includes(layers[2] ?? '')).toBe(true);
    expect(bytes.includes(layers[0] ?? '')).toBe(false);
    expect(String(bytes)).toContain('"Layers":["below-0","below-1","0001"]');
  });

  it('can be rewritten again without the layers of its base', async () => {
    const once = await above(await buildImageArchive({ layers, layout: 'oci' }), below(2));
    expect((await above(once, { layers: diffIds.slice(0, 2) })).equals(once)).toBe(true);
    expect((await above(packed(once, 'gzip'), { layers: diffIds.slice(0, 2) })).equals(once)).toBe(true);
  });

  it('holds no layers when the image equals its base', async () => {
    const bytes = await above(await buildImageArchive({ layers, layout: 'oci' }), below(3));
    expect(String(bytes)).toContain('"Layers":["below-0","below-1","below-2"]');
  });

  it('is refused when the image is built on other layers: it would get the files of another image', async () => {
    const archive = await buildImageArchive({ layers: layers.toReversed(), layout: 'oci' });
    expect(await refusal(archive, { below: below(2) })).toEqual(refusedAs(/is not built on its base image/));
  });

  it('is refused when a layer above the base is missing or replaced: it would get the files of another image', async () => {
    const entries = await imageEntries({ layers, layout: 'oci' });
    const uppermost = `blobs/${diffIds[2]?.replace(':', '/') ?? ''}`;
    const without = await packEntries(entries.filter(({ name }) => name !== uppermost));
    expect(await refusal(without, { below: below(2) })).toEqual(refusedAs(/does not hold/));
    const other = entries.map((entry) =>
      entry.name === uppermost ? { ...entry, content: layers[0] ?? '' } : entry,
    );
    expect(await refusal(await packEntries(other), { below: below(2) })).toEqual(
      refusedAs(/whose content has another digest/),
    );
  });
});
