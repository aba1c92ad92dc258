import { buildImageArchive, layerOf, packEntries, sha256 } from '../archives.js';
import {
  isConfiguration,
  isManifest,
  MiB,
  replacing,
  spoilt,
  goodManifest,
  type HostileArchive,
} from './spoil.js';

/** Archives whose configuration is none, or does not fit what they hold. */
export async function hostileConfigurations(): Promise<HostileArchive[]> {
  const layer = await layerOf([{ path: 'etc/motd', content: 'hello\n' }]);
  const own = [`sha256:${sha256(layer)}`];
  const victim = [`sha256:${'a'.repeat(64)}`];
  const configured = (configuration: Record<string, unknown>): Promise<Buffer> =>
    buildImageArchive({ layers: [layer], configuration });
  const image = await goodManifest();
  const withText = (content: string): Promise<Buffer> =>
    spoilt((entries) =>
      replacing(isManifest, () => ({ content: JSON.stringify([{ ...image, Config: 'c.json' }]) }))(
        replacing(isConfiguration, () => ({ name: 'c.json', content }))(entries),
      ),
    );
  /** Deeper than what goes through all that it holds can, and than engines read. */
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const rootfs = `"rootfs":{"type":"layers","diff_ids":["${String(own[0])}"]}`;
  return [
    {
      what: 'whose volumes are nested without end',
      archive: await withText(`{${rootfs},"config":{"Volumes":{"/a":${deep}}}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'whose history is nested without end',
      archive: await withText(`{${rootfs},"history":${deep}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'whose health check is nested without end',
      archive: await withText(`{${rootfs},"config":{"Healthcheck":${deep}}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'with a number that nothing can hold',
      archive: await withText(`{${rootfs},"config":{"StopTimeout":1e400}}`),
      says: /"c\.json", which has a number/,
    },
    {
      what: 'that gives its containers a number for a volume',
      archive: await configured({ config: { Volumes: { '/a': 1 } } }),
      says: /config\.Volumes\.\/a/,
    },
    {
      what: 'that gives its containers half a second to end',
      archive: await configured({ config: { StopTimeout: 0.5 } }),
      says: /config\.StopTimeout/,
    },
    ...(await Promise.all(
      Object.entries({
        Env: ['A\0=1'],
        Cmd: ['sh\0'],
        Entrypoint: 'sh\0',
        User: 'root\0',
        WorkingDir: '/\0',
      }).map(async ([name, value]) => ({
        what: `with a NUL in its ${name}`,
        archive: await configured({ config: { [name]: value } }),
        says: new RegExp(`config\\.${name}.*NUL`),
      })),
    )),
    {
      what: 'whose configuration is not JSON',
      archive: await withText('{"rootfs"'),
      says: /"c\.json", which is not JSON/,
    },
    {
      what: 'whose configuration is something else',
      archive: await withText('{"id":1}'),
      says: /"c\.json", which is not an image's configuration/,
    },
    { what: 'for Windows', archive: await configured({ os: 'windows' }), says: /"windows", not for linux/ },
    {
      what: 'whose configuration has layers of an unknown kind',
      archive: await configured({ rootfs: { type: 'layers+base', diff_ids: own } }),
      says: /rootfs\.type/,
    },
    {
      what: 'whose configuration has a broken digest',
      archive: await configured({ rootfs: { type: 'layers', diff_ids: ['sha256:123'] } }),
      says: /rootfs\.diff_ids\.0/,
    },
    {
      what: 'of an image without layers',
      archive: await configured({ rootfs: { type: 'layers', diff_ids: [] } }),
      says: /rootfs\.diff_ids/,
    },
    {
      what: 'whose configuration has a number for its environment',
      archive: await configured({ config: { Env: 7 } }),
      says: /config\.Env/,
    },
    {
      what: 'whose configuration says to the engine what it does not say to us',
      archive: await configured({ RootFS: { type: 'layers', diff_ids: victim } }),
      says: /ambiguous field "RootFS"/,
    },
    {
      what: 'whose configuration does so with a letter that engines fold',
      archive: await configured({ rootfſ: { type: 'layers', diff_ids: victim } }),
      says: /ambiguous field "rootfſ"/,
    },
    {
      what: 'whose configuration does so one level down',
      archive: await configured({ rootfs: { type: 'layers', diff_ids: own, Diff_IDs: victim } }),
      says: /ambiguous field "Diff_IDs"/,
    },
    {
      what: 'with fewer layers than its configuration says',
      archive: await configured({ rootfs: { type: 'layers', diff_ids: [...own, ...own] } }),
      says: /1 layers in its manifest and 2 in its configuration/,
    },
    {
      what: 'with a configuration of 5 MiB',
      archive: await configured({ comment: 'x'.repeat(5 * MiB) }),
      says: /configuration ".*", which has \d+ bytes/,
    },
    {
      what: 'whose configuration is not what its name says',
      archive: await spoilt(
        replacing(isConfiguration, ({ content }) => ({ content: `${String(content)} ` })),
      ),
      says: /\.json", whose content has another digest/,
    },
  ];
}

/**
 * An archive that claims the files of layers that it does not hold, by their digests.
 *
 * @param holds - whether it holds other files in their place.
 */
export async function thievingArchive(
  diffIds: readonly string[],
  { holds }: { readonly holds: boolean },
): Promise<Buffer> {
  const configuration = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const config = `${sha256(configuration)}.json`;
  const layers = diffIds.map((_id, index) => `${index}/layer.tar`);
  const content = await layerOf([{ path: 'innocent' }]);
  return await packEntries([
    { name: config, content: configuration },
    ...(holds ? layers.map((name) => ({ name, content })) : []),
    {
      name: 'manifest.json',
      content: JSON.stringify([{ Config: config, RepoTags: null, Layers: layers }]),
    },
  ]);
}
