/**
 * Image archives that engines load and run, each unusual in one way that the specifications, Go's
 * archive/tar or some writer allows. All of them must boot; their containers print `hello`.
 */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { layerOf, padded, rawHeader, sha256 } from '../archives.js';
import { paxHeader } from '../hostile-archives/layers.js';
import { mediaType } from '../oci-archives.js';
import {
  contentOf,
  docker,
  each,
  end,
  image,
  isLayer,
  isManifest,
  oci,
  ociImage,
  raw,
  rootFileSystem,
  rootFiles,
  schemaVersion,
  withBeside,
  withHeaders,
  withLayer,
  changedHeader,
  type ValidArchive,
} from './build.js';
import { oddMetadata, packedArchives } from './metadata.js';
import { sparseArchives } from './sparse.js';

export type { ValidArchive } from './build.js';

/** All valid archives. */
export const validArchives: readonly ValidArchive[] = [
  image(
    'with a layer file of no bytes',
    docker((entries) => entries, [Buffer.alloc(0)]),
  ),
  image(
    'with a layer twice, the same',
    docker((entries) => [...entries, ...entries.filter(isLayer)]),
  ),
  image(
    'with all of it twice, as archivers that append leave it',
    docker((entries) => [...entries, ...entries]),
  ),
  image('without the mark that ends an archive', async (tag) =>
    (await docker((entries) => entries)(tag)).subarray(0, -end.length),
  ),
  image('that ends with the last byte of its manifest', async (tag) => {
    const whole = await docker((entries) => entries.filter(({ name }) => name !== 'repositories'))(tag);
    return whole.subarray(0, whole.lastIndexOf(']') + 1);
  }),
  image('whose gzip data is filled up with zeros, but for 20.10', async (tag) =>
    Buffer.concat([gzipSync(await docker((entries) => entries)(tag)), Buffer.alloc(4096)]),
  ),
  image(
    'with header checksums of signed bytes',
    withHeaders((header) => header.write('é', 300), true),
  ),
  image(
    'with headers of the oldest kind',
    withHeaders((header) => header.fill(0, 257).write('\0', 156)),
  ),
  image(
    'with names in two parts, and no version',
    withHeaders((header, { name }) => {
      const slash = name.indexOf('/');
      header.write('ustar\0\0\0', 257);
      if (slash < 0 || slash === name.length - 1) return;
      header.fill(0, 0, 100).write(name.slice(slash + 1), 0);
      header.write(name.slice(0, slash), 345);
    }),
  ),
  image(
    'with sizes that begin with a NUL',
    withHeaders((header) => {
      header.write(`\0${header.toString('latin1', 125, 135)}`, 124);
    }),
  ),
  image(
    'with sizes that something follows',
    withHeaders((header) => {
      header.write(`${header.toString('latin1', 127, 135)}\0xyz`, 124);
    }),
  ),
  image('with absolute paths', docker(each((entry) => [{ ...entry, name: `/${entry.name}` }]))),
  image(
    'with paths that go up and down again',
    docker(each((entry) => [{ ...entry, name: `./a/../${entry.name}` }])),
  ),
  image(
    'with a folder that claims a size',
    docker((entries) => [
      raw(rawHeader({ name: 'd/', typeflag: '5', size: 4096 })),
      raw(rawHeader({ name: 'e/', typeflag: '5', size: Buffer.alloc(12, 0xff) })),
      raw(rawHeader({ name: 'f/', typeflag: '\0', size: 4096 })),
      ...entries,
    ]),
  ),
  image(
    'with a hard link that claims the size of what it leads to',
    docker(
      each((entry) =>
        isLayer(entry)
          ? [
              { name: 'real.tar', content: contentOf(entry) },
              raw(
                rawHeader({
                  name: entry.name,
                  typeflag: '1',
                  linkname: 'real.tar',
                  size: contentOf(entry).length,
                }),
              ),
            ]
          : [entry],
      ),
    ),
  ),
  image(
    'with a manifest that is a link',
    docker(
      each((entry) =>
        isManifest(entry)
          ? [
              { ...entry, name: 'm.json' },
              { name: entry.name, type: 'symlink', linkname: 'm.json' },
            ]
          : [entry],
      ),
    ),
  ),
  ...oddMetadata,
  ...packedArchives,
  ...sparseArchives,
  image(
    'with extended headers of which the last counts',
    docker(
      each((entry) =>
        isLayer(entry)
          ? [raw(...paxHeader('path', 'wrong-name'), ...paxHeader('comment', 'x')), entry]
          : [entry],
      ),
    ),
  ),
  image(
    "with GNU's name for a layer, and another in an extended header",
    docker(
      each((entry) =>
        isLayer(entry)
          ? [
              raw(rawHeader({ typeflag: 'L', size: entry.name.length + 1 }), padded(`${entry.name}\0`)),
              raw(...paxHeader('path', 'wrong-name')),
              { ...entry, name: 'short' },
            ]
          : [entry],
      ),
    ),
  ),
  image(
    'with extended headers that leave names and sizes empty',
    docker(
      each((entry) =>
        isLayer(entry)
          ? [
              raw(rawHeader({ typeflag: 'L', size: 1 }), padded('\0')),
              raw(rawHeader({ typeflag: 'x', size: 18 }), padded('8 path=\n010 size=\n\n'.slice(0, 18))),
              entry,
            ]
          : [entry],
      ),
    ),
  ),
  image(
    'whose layer has an old header checksum',
    withLayer(changedHeader(rawHeader({ name: 'é' }), () => undefined, true)),
  ),
  image(
    'whose layer has a folder of an old kind that claims a size',
    withLayer(rawHeader({ name: 'd/', typeflag: '\0', size: 4096 })),
  ),
  image(
    'whose layer has a size that something follows',
    withLayer(changedHeader(rawHeader({ name: 'q' }), (header) => header.write('00000000\0xyz', 124))),
  ),
  image(
    'whose layer leaves a name empty',
    withLayer(rawHeader({ typeflag: 'x', size: 8 }), padded('8 path=\n'), rawHeader({ name: 'named' })),
  ),
  image(
    'whose manifest says where else a layer is to be had, and nulls',
    docker(
      each((entry) =>
        isManifest(entry)
          ? [
              {
                ...entry,
                content: String(entry.content).replace(
                  '"Layers"',
                  `"LayerSources":{"sha256:${'a'.repeat(64)}":{"mediaType":null,"urls":["http://192.0.2.1/"]},"sha256:${'b'.repeat(64)}":null},"Parent":null,"Layers"`,
                ),
              },
            ]
          : [entry],
      ),
    ),
  ),
  image(
    'of the OCI layout, whose index says no more than it must',
    oci(async () => await Promise.resolve({ index: (named) => ({ manifests: [named] }) })),
  ),
  image(
    'of the OCI layout, with annotations, data and half a platform',
    oci(
      async () =>
        await Promise.resolve({
          index: (named) => ({
            schemaVersion,
            mediaType: mediaType.index,
            annotations: { a: 'b' },
            manifests: [{ ...named, platform: { os: 'linux' }, data: 'e30=' }],
          }),
        }),
    ),
  ),
  image(
    'of the OCI layout, beside a list of its packages',
    withBeside({ artifactType: 'application/spdx+json' }, 'application/spdx+json'),
  ),
  image(
    'of the OCI layout, beside a chart',
    withBeside({}, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'),
  ),
  image(
    'of the OCI layout, beside a signature that looks like an image',
    withBeside(
      {
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: `sha256:${sha256('{}')}`,
          size: 2,
        },
      },
      'application/vnd.dev.cosign.simplesigning.v1+json',
    ),
  ),
  image(
    'of the OCI layout, beside a manifest that it does not hold, of another digest',
    oci(
      async () =>
        await Promise.resolve({
          index: (named) => ({
            schemaVersion,
            manifests: [
              { mediaType: mediaType.manifest, digest: `sha512:${'a'.repeat(128)}`, size: 7 },
              named,
            ],
          }),
        }),
    ),
  ),
  image(
    'of the OCI layout, for several variants of one processor',
    oci(async () => {
      const other = await ociImage(await layerOf([{ path: 'etc/none', content: randomUUID() }]));
      const its = (variant: string): object => ({
        platform: { os: 'linux', architecture: 'amd64', variant },
      });
      return {
        entries: other.entries.filter(({ name }) => name !== 'index.json'),
        index: (named) => ({
          schemaVersion,
          manifests: [
            { ...other.descriptor, ...its('v3') },
            { ...named, ...its('v1') },
          ],
        }),
      };
    }),
  ),
  rootFileSystem('that begins with the comment of "git archive"', [
    raw(...paxHeader('comment', 'a commit', 'g')),
    ...rootFiles,
  ]),
  rootFileSystem('with a global header in its midst', [...rootFiles, raw(...paxHeader('comment', 'x', 'g'))]),
  rootFileSystem(
    'with absolute paths',
    rootFiles.map((entry) => (entry.raw === undefined ? { ...entry, name: `/${entry.name}` } : entry)),
  ),
  rootFileSystem('with paths that go up and down again', [...rootFiles, { name: 'etc/../x', content: 'y' }]),
  rootFileSystem('whose first header has an old checksum', [
    raw(changedHeader(rawHeader({ name: 'etc/é' }), () => undefined, true)),
    ...rootFiles,
  ]),
];
