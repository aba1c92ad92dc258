import { buildImageArchive, layerOf, packEntries, sha256 } from '../archives.js';
import {
  harm,
  isConfiguration,
  isManifest,
  MiB,
  replacing,
  spoilt,
  goodManifest,
  type HostileArchive,
} from './spoil.js';

/** Archives whose configuration is malformed, or does not match their content. */
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
  const ambiguous = [
    'labels',
    'volumes',
    'env',
    'CMD',
    'exposedports',
    'Labelſ',
    'onbuild',
    'hostname',
    'wor\u212AingDir',
  ];
  /** Deeper than a recursive walk can follow, and than engines read. */
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const rootfs = `"rootfs":{"type":"layers","diff_ids":["${String(own[0])}"]}`;
  return [
    {
      what: 'whose volumes are nested without end',
      prevents: harm.stack,
      archive: await withText(`{${rootfs},"config":{"Volumes":{"/a":${deep}}}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'whose history is nested without end',
      prevents: harm.stack,
      archive: await withText(`{${rootfs},"history":${deep}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'whose health check is nested without end',
      prevents: harm.stack,
      archive: await withText(`{${rootfs},"config":{"Healthcheck":${deep}}}`),
      says: /"c\.json", which is nested too deep/,
    },
    {
      what: 'with a number that nothing can hold',
      prevents: harm.unusable,
      archive: await withText(`{${rootfs},"config":{"StopTimeout":1e400}}`),
      says: /"c\.json", which has a number/,
    },
    {
      what: 'that gives its containers a number for a volume',
      prevents: harm.unusable,
      archive: await configured({ config: { Volumes: { '/a': 1 } } }),
      says: /config\.Volumes\.\/a/,
    },
    {
      what: 'that gives its containers half a second to end',
      prevents: harm.unusable,
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
        prevents: harm.unstartable,
        archive: await configured({ config: { [name]: value } }),
        says: new RegExp(`config\\.${name}.*NUL`),
      })),
    )),
    {
      what: 'whose configuration is not JSON',
      prevents: harm.unreadable,
      archive: await withText('{"rootfs"'),
      says: /"c\.json", which is not JSON/,
    },
    {
      what: 'whose configuration is something else',
      prevents: harm.unreadable,
      archive: await withText('{"id":1}'),
      says: /"c\.json", which is not an image's configuration/,
    },
    {
      what: 'for Windows',
      prevents: harm.unstartable,
      archive: await configured({ os: 'windows' }),
      says: /"windows", not for linux/,
    },
    {
      what: 'whose configuration has a broken digest',
      prevents: harm.unusable,
      archive: await configured({ rootfs: { type: 'layers', diff_ids: ['sha256:123'] } }),
      says: /rootfs\.diff_ids\.0/,
    },
    {
      what: 'of an image without layers',
      prevents: harm.unstartable,
      archive: await configured({ rootfs: { type: 'layers', diff_ids: [] } }),
      says: /rootfs\.diff_ids/,
    },
    {
      what: 'whose configuration has a number for its environment',
      prevents: harm.unusable,
      archive: await configured({ config: { Env: 7 } }),
      says: /config\.Env/,
    },
    {
      what: 'whose configuration says to the engine what it does not say to us',
      prevents: harm.ambiguous,
      archive: await configured({ RootFS: { type: 'layers', diff_ids: victim } }),
      says: /ambiguous field "RootFS"/,
    },
    {
      what: 'whose configuration does so with a letter that engines fold',
      prevents: harm.ambiguous,
      archive: await configured({ rootfſ: { type: 'layers', diff_ids: victim } }),
      says: /ambiguous field "rootfſ"/,
    },
    {
      what: 'whose configuration does so one level down',
      prevents: harm.ambiguous,
      archive: await configured({ rootfs: { type: 'layers', diff_ids: own, Diff_IDs: victim } }),
      says: /ambiguous field "Diff_IDs"/,
    },
    ...(await Promise.all(
      ambiguous.map(async (name) => ({
        what: `that calls a field of what containers inherit ${name}`,
        prevents: harm.ambiguous,
        archive: await configured({ config: { [name]: null } }),
        says: new RegExp(`ambiguous field "${name}"`),
      })),
    )),
    ...(await Promise.all(
      ['OS', 'Config', 'HISTORY', 'Created', 'Architecture', 'Container_Config', 'size', 'OS.Version'].map(
        async (name) => ({
          what: `that calls a field ${name}`,
          prevents: harm.ambiguous,
          archive: await configured({ [name]: null }),
          says: new RegExp(`ambiguous field "${name.replace('.', '\\.')}"`),
        }),
      ),
    )),
    {
      what: 'whose health check has a field that engines take for another',
      prevents: harm.ambiguous,
      archive: await configured({ config: { Healthcheck: { test: ['CMD', 'true'] } } }),
      says: /config\.Healthcheck: the ambiguous field "test"/,
    },
    {
      what: 'whose history has a field that engines take for another',
      prevents: harm.ambiguous,
      archive: await configured({ history: [{ Comment: 'x' }] }),
      says: /history\.0: the ambiguous field "Comment"/,
    },
    {
      what: 'with two configurations of its containers',
      prevents: harm.ambiguous,
      archive: await withText(`{${rootfs},"config":{"Labels":{"a":"1"}},"config":{"Volumes":{"/v":{}}}}`),
      says: /has the field "config" twice, with different values/,
    },
    {
      what: 'with two lists of layers, of which one has its name in escapes',
      prevents: harm.ambiguous,
      archive: await withText(
        `{${rootfs},"r\\u006fotfs":{"type":"layers","diff_ids":["${String(victim[0])}"]}}`,
      ),
      says: /has the field "rootfs" twice/,
    },
    {
      what: 'with a label twice',
      prevents: harm.ambiguous,
      archive: await withText(`{${rootfs},"config":{"Labels":{"a":"1","a":"2"}}}`),
      says: /has the field "a" twice/,
    },
    ...(await Promise.all(
      [
        'yesterday',
        '',
        '2026-02-29T00:00:00Z',
        '2026-13-01T00:00:00Z',
        '2026-01-01T24:00:00Z',
        '2026-01-01T00:00:60Z',
        '2026-01-01t00:00:00z',
        '2026-01-01T00:00:00',
        '2026-01-01T00:00:00.Z',
      ].map(async (created) => ({
        what: `made at the time "${created}"`,
        prevents: harm.unusable,
        archive: await configured({ created }),
        says: /created: ".*" is not a time of RFC 3339/,
      })),
    )),
    {
      what: 'that gives its containers 3000 volumes',
      prevents: harm.mounts,
      archive: await configured({
        config: {
          Volumes: Object.fromEntries(Array.from({ length: 3000 }, (_, number) => [`/v${number}`, {}])),
        },
      }),
      says: /declares 3000 volumes: 128 are allowed/,
    },
    {
      what: 'that gives its containers a command of 70 KB',
      prevents: harm.lists,
      archive: await configured({ config: { Cmd: ['sh', '-c', 'x'.repeat(70_000)] } }),
      says: /declares \d+ bytes of command and volumes: 65536 are allowed/,
    },
    {
      what: 'that gives its containers an environment of 2 MiB',
      prevents: harm.lists,
      archive: await configured({
        config: { Env: Array.from({ length: 2048 }, (_, number) => `V${number}=${'x'.repeat(1024)}`) },
      }),
      says: /declares \d+ bytes of environment and other settings: 1048576 are allowed/,
    },
    {
      what: 'with fewer layers than its configuration says',
      prevents: harm.theft,
      archive: await configured({ rootfs: { type: 'layers', diff_ids: [...own, ...own] } }),
      says: /1 layers in its manifest and 2 in its configuration/,
    },
    {
      what: 'with a configuration of 5 MiB',
      prevents: harm.memory,
      archive: await configured({ comment: 'x'.repeat(5 * MiB) }),
      says: /configuration ".*", which has \d+ bytes/,
    },
    {
      what: 'whose configuration is not what its name says',
      prevents: harm.ambiguous,
      archive: await spoilt(
        replacing(isConfiguration, ({ content }) => ({ content: `${String(content)} ` })),
      ),
      says: /\.json", whose content has another digest/,
    },
  ];
}

/**
 * An archive that claims layers by their digests, without their files.
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
