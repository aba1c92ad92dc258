/** The parts of the archives that must be accepted. */
import { randomUUID } from 'node:crypto';
import {
  imageEntries,
  layerOf,
  packEntries,
  padded,
  rawHeader,
  sha256,
  type ArchiveEntry,
} from '../archives.js';
import { descriptorsOf, jsonBlob, mediaType } from '../oci-archives.js';
import { tinyProgram } from '../tiny-program.js';

/** An archive that must be accepted. */
export interface ValidArchive {
  /** What is unusual, as the end of "boots an image …". */
  readonly what: string;
  /** Whether it is a root file system, whose command comes from an image property. */
  readonly isRootFileSystem?: boolean;
  /** @param tag - the name that the archive claims, if any. */
  readonly build: (tag: string) => Promise<Buffer>;
}

export const config = { Cmd: ['/etc/tiny'] };
export const end = Buffer.alloc(1024);
export const raw = (...blocks: readonly Buffer[]): ArchiveEntry => ({ name: '', raw: Buffer.concat(blocks) });
export const isLayer = ({ name }: ArchiveEntry): boolean => name.endsWith('layer.tar');
export const isManifest = ({ name }: ArchiveEntry): boolean => name === 'manifest.json';
export const contentOf = ({ content }: ArchiveEntry): Buffer => Buffer.from(content ?? '');

/** A layer that no other image has, with a program to run. */
export const program = (): Promise<Buffer> =>
  layerOf([
    { path: 'etc/tiny', content: tinyProgram() },
    { path: 'etc/id', content: randomUUID() },
  ]);

/** The header with fields changed, and its checksum updated. */
export function changedHeader(header: Buffer, change: (header: Buffer) => void, isSigned = false): Buffer {
  change(header);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + (isSigned && byte > 127 ? byte - 256 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

type Change = (entries: ArchiveEntry[]) => ArchiveEntry[];

/** An archive of one layer and further ones, after a change. */
export const docker =
  (change: Change, more: readonly Buffer[] = []): ValidArchive['build'] =>
  async (tag) =>
    await packEntries(
      change(await imageEntries({ layers: [await program(), ...more], config, repoTags: [tag] })),
    );

export const each =
  (change: (entry: ArchiveEntry) => readonly ArchiveEntry[]): Change =>
  (entries) =>
    entries.flatMap(change);

/** An archive whose headers are all changed. */
export const withHeaders = (
  change: (header: Buffer, entry: ArchiveEntry) => void,
  isSigned = false,
): ValidArchive['build'] =>
  docker(
    each((entry) => {
      const content = contentOf(entry);
      const header = rawHeader({
        name: entry.name,
        size: content.length,
        typeflag: entry.type === 'directory' ? '5' : '0',
      });
      return [
        raw(
          changedHeader(header, (it) => change(it, entry), isSigned),
          padded(content),
        ),
      ];
    }),
  );

/** An archive whose layer holds further blocks. */
export const withLayer =
  (...more: readonly Buffer[]): ValidArchive['build'] =>
  async (tag) => {
    const layer = Buffer.concat([(await program()).subarray(0, -end.length), ...more, end]);
    return await packEntries(await imageEntries({ layers: [layer], config, repoTags: [tag] }));
  };

interface OciParts {
  readonly entries: readonly ArchiveEntry[];
  readonly descriptor: ReturnType<typeof jsonBlob>['descriptor'];
}

export async function ociImage(layer: Buffer): Promise<OciParts> {
  const entries = await imageEntries({ layout: 'oci', layers: [layer], config });
  const [descriptor] = descriptorsOf(entries);
  if (descriptor === undefined) throw new Error('there is an image');
  return { entries: entries.filter((entry) => !isManifest(entry)), descriptor };
}

/**
 * An archive of the OCI layout without a manifest.json.
 *
 * @param around - returns the index and further entries.
 */
export const oci =
  (
    around: (image: OciParts['descriptor']) => Promise<{
      readonly index: (named: object) => object;
      readonly entries?: readonly ArchiveEntry[];
    }>,
  ): ValidArchive['build'] =>
  async (tag) => {
    const { entries, descriptor } = await ociImage(await program());
    const { index, entries: more = [] } = await around(descriptor);
    const named = { ...descriptor, annotations: { 'io.containerd.image.name': `docker.io/${tag}` } };
    const all = [...entries.filter(({ name }) => name !== 'index.json'), ...more];
    return await packEntries([
      ...new Map(all.map((entry) => [entry.name, entry])).values(),
      { name: 'index.json', content: JSON.stringify(index(named)) },
    ]);
  };

export const schemaVersion = 2;

/** A manifest that is not an image, but describes one. */
function beside(
  said: Readonly<Record<string, unknown>>,
  layerType: string,
): { readonly entries: readonly ArchiveEntry[]; readonly descriptor: object } {
  const blob = (content: string): ArchiveEntry => ({ name: `blobs/sha256/${sha256(content)}`, content });
  const described = (type: string, content: string): object => ({
    mediaType: type,
    digest: `sha256:${sha256(content)}`,
    size: content.length,
  });
  const content = JSON.stringify({ about: randomUUID() });
  const manifest = jsonBlob(mediaType.manifest, {
    schemaVersion,
    config: described('application/vnd.oci.empty.v1+json', '{}'),
    layers: [described(layerType, content)],
    ...said,
  });
  return { entries: [blob('{}'), blob(content), manifest.entry], descriptor: manifest.descriptor };
}

export const withBeside = (
  said: Readonly<Record<string, unknown>>,
  layerType: string,
): ValidArchive['build'] =>
  oci(async () => {
    const { entries, descriptor } = await Promise.resolve(beside(said, layerType));
    return { entries, index: (named) => ({ schemaVersion, manifests: [descriptor, named] }) };
  });

export const rootFiles: readonly ArchiveEntry[] = [
  { name: 'etc/', type: 'directory' },
  raw(
    changedHeader(rawHeader({ name: 'etc/tiny', size: tinyProgram().length }), (header) =>
      header.write('0000755\0', 100),
    ),
    padded(tinyProgram()),
  ),
];

export const rootFileSystem = (what: string, entries: readonly ArchiveEntry[]): ValidArchive => ({
  what: `of a root file system ${what}`,
  isRootFileSystem: true,
  build: async () => await packEntries([...entries, { name: 'etc/id', content: randomUUID() }]),
});

export const image = (what: string, build: ValidArchive['build']): ValidArchive => ({ what, build });
