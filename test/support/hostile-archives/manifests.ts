import { goodManifest, isLayer, isManifest, MiB, replacing, spoilt, type HostileArchive } from './spoil.js';

/** Archives whose manifest does not describe exactly one image that they hold. */
export async function hostileManifests(): Promise<HostileArchive[]> {
  const image = await goodManifest();
  const withText = (content: string): Promise<Buffer> => spoilt(replacing(isManifest, () => ({ content })));
  const withImages = (...images: object[]): Promise<Buffer> => withText(JSON.stringify(images));
  const absent = 'f'.repeat(64);
  const [layer = ''] = image.Layers;
  return [
    { what: 'of several images', archive: await withImages(image, image), says: /holds 2 images/ },
    { what: 'of no image', archive: await withImages(), says: /holds no image/ },
    {
      what: 'without a manifest',
      archive: await spoilt((entries) => entries.filter((entry) => !isManifest(entry))),
      says: /has no manifest\.json/,
    },
    {
      what: 'whose manifest is not JSON',
      archive: await withText('[{"Config":'),
      says: /"manifest\.json", which is not JSON/,
    },
    {
      what: 'whose manifest is something else',
      archive: await withText('{"a":1}'),
      says: /manifest\.json that is not one/,
    },
    {
      what: 'whose manifest is no text at all',
      archive: await withText('\0'.repeat(100)),
      says: /manifest "manifest\.json", which is neither/,
    },
    {
      what: 'whose manifest has numbers for layers',
      archive: await withImages({ ...image, Layers: [1] }),
      says: /manifest\.json that is not one: 0\.Layers\.0/,
    },
    {
      what: 'that names a configuration it does not hold',
      archive: await withImages({ ...image, Config: `${absent}.json` }),
      says: /does not hold "f+\.json".*configuration/,
    },
    {
      what: 'that names a layer it does not hold',
      archive: await withImages({ ...image, Layers: [`${absent}/layer.tar`] }),
      says: /does not hold "f+\/layer\.tar".*layer/,
    },
    {
      what: 'that names a directory as its layer',
      archive: await withImages({ ...image, Layers: [layer.slice(0, 64)] }),
      says: /does not hold/,
    },
    {
      what: 'that names a layer outside of it',
      archive: await withImages({ ...image, Layers: ['../../etc/passwd'] }),
      says: /names in its manifest "\.\.\/\.\.\/etc\/passwd", which leads out/,
    },
    {
      what: 'that names an absolute path as its configuration',
      archive: await withImages({ ...image, Config: '/etc/passwd' }),
      says: /does not hold "etc\/passwd", which its manifest names as configuration/,
    },
    {
      what: 'that names its configuration as a layer',
      archive: await withImages({ ...image, Layers: [image.Config] }),
      says: /neither a tar archive nor compressed/,
    },
    {
      what: 'that names a layer as its configuration',
      archive: await withImages({ ...image, Config: layer }),
      says: /which is a layer/,
    },
    {
      // Engines would have to fetch it from any address, the host's own network included.
      what: 'with a layer to be fetched from elsewhere',
      archive: await spoilt((entries) =>
        replacing(isManifest, () => ({
          content: JSON.stringify([{ ...image, LayerSources: { x: { urls: ['http://192.0.2.1/layer'] } } }]),
        }))(entries.filter((entry) => !isLayer(entry))),
      ),
      says: /does not hold ".*layer\.tar", which its manifest names as layer/,
    },
    {
      what: 'whose manifest has a field that engines take for another',
      archive: await withImages({ ...image, layers: [`${absent}/layer.tar`] }),
      says: /ambiguous field "layers"/,
    },
    {
      what: 'whose manifest names its layers twice',
      archive: await withText(`[${JSON.stringify(image).slice(0, -1)},"Layers":["${absent}/layer.tar"]}]`),
      says: /"manifest\.json", which has the field "Layers" twice/,
    },
    {
      what: 'with a manifest of 5 MiB',
      archive: await withText(`[${' '.repeat(5 * MiB)}]`),
      says: /manifest "manifest\.json", which has \d+ bytes/,
    },
  ];
}
