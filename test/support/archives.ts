/**
 * Builders of image archives: valid ones in every layout, and the parts to spoil them.
 *
 * `buildImageArchive({ layers: [[{ path: 'etc/motd', content: 'hi' }]] })` builds an archive like `docker
 * save`. For a hostile one, change the entries of `imageEntries` and pack them with `packEntries`, which
 * checks nothing.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { readAll } from '../../lib/streams/index.js';
import { packed } from './packed.js';

/** A file in a layer. */
export interface LayerFile {
  readonly path: string;
  readonly content?: string | Buffer;
  /** Default: 0o755, so that programs can run. */
  readonly mode?: number;
  /** Makes it a symbolic link. */
  readonly target?: string;
}

/** An entry of an archive. */
export interface ArchiveEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Default: a file. */
  readonly type?: Header['type'];
  readonly linkname?: string;
  /** Further fields of an extended header. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Written unchanged, instead of all other fields. */
  readonly raw?: Buffer;
}

/** The content of an archive. */
export interface ImageArchiveOptions {
  /**
   * As saved by Docker 20.10 (`docker`, the default), 28.5 with its classic store (`oci`), or 28.5 with
   * the containerd store (`oci-gzip`, or `oci-zstd` if the registry has such layers).
   */
  readonly layout?: 'docker' | 'oci' | 'oci-gzip' | 'oci-zstd';
  /** From the base up: files, or the bytes of a layer. Default: one layer with a small file. */
  readonly layers?: readonly (readonly LayerFile[] | Buffer)[];
  /** What containers of the image inherit, by the engine's names: `Cmd`, `Env`, … */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Replaces fields of the whole image configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** The names that the archive claims. */
  readonly repoTags?: readonly string[];
  /** Compresses the whole archive. */
  readonly gzip?: boolean;
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Packs the files of a layer. */
export async function layerOf(files: readonly LayerFile[]): Promise<Buffer> {
  return await packEntries(
    files.map(({ path, content, mode, target }) => ({
      name: path,
      ...(target === undefined
        ? { content: content ?? '', mode: mode ?? 0o755 }
        : { type: 'symlink', linkname: target }),
    })),
  );
}

const packingOf = { oci: 'plain', 'oci-gzip': 'gzip', 'oci-zstd': 'zstd' } as const;

/** The entries of an archive, in the order in which its engine would write them. */
export async function imageEntries(options: ImageArchiveOptions = {}): Promise<ArchiveEntry[]> {
  const { layout = 'docker', repoTags = ['test/image:1'] } = options;
  const layers = await layerBytes(options);
  const configuration = JSON.stringify({
    architecture: 'amd64',
    config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], ...options.config },
    created: '2026-01-01T00:00:00Z',
    history: layers.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'test' })),
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    ...options.configuration,
  });
  return layout === 'docker'
    ? dockerEntries(configuration, layers, repoTags)
    : ociEntries(
        configuration,
        layers.map((layer) => packed(layer, packingOf[layout])),
        repoTags,
      );
}

/** The bytes of an image archive. */
export async function buildImageArchive(options: ImageArchiveOptions = {}): Promise<Buffer> {
  const archive = await packEntries(await imageEntries(options));
  return options.gzip === true ? gzipSync(archive) : archive;
}

/** The id that a classic image store gives the image: the digest of its configuration. */
export async function imageIdOf(options: ImageArchiveOptions = {}): Promise<string> {
  const manifest = (await imageEntries(options)).find(({ name }) => name === 'manifest.json');
  const config = /"Config":"(?:blobs\/sha256\/)?([0-9a-f]{64})/.exec(String(manifest?.content))?.[1];
  return `sha256:${config ?? ''}`;
}

/** Packs entries unchecked, duplicates included, with the two zero blocks that end an archive. */
export async function packEntries(
  entries: readonly (ArchiveEntry & { readonly mode?: number })[],
): Promise<Buffer> {
  const packed: Buffer[] = [];
  for (const entry of entries) packed.push(entry.raw ?? (await packOne(entry)));
  return Buffer.concat([...packed, endOfArchive]);
}

/** The header of an entry, whose fields may be invalid; only the checksum is right. */
export function rawHeader(fields: {
  readonly name?: string;
  readonly size?: number | string | Buffer;
  readonly typeflag?: string | undefined;
  readonly linkname?: string;
  readonly magic?: string;
  /** Permissions in octal. Default: 644. */
  readonly mode?: string | undefined;
}): Buffer {
  const header = Buffer.alloc(512);
  header.write(fields.name ?? 'file', 0, 100);
  header.write(`0000${fields.mode ?? '644'}\0`, 100);
  const { size = 0 } = fields;
  if (typeof size === 'number') header.write(size.toString(8).padStart(11, '0'), 124);
  else if (typeof size === 'string') header.write(size, 124, 12, 'latin1');
  else size.copy(header, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(fields.typeflag ?? '0', 156, 'latin1');
  header.write(fields.linkname ?? '', 157, 100);
  header.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Content padded to whole blocks, as it follows its header. */
export function padded(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const endOfArchive = Buffer.alloc(1024);

async function packOne(entry: ArchiveEntry & { readonly mode?: number }): Promise<Buffer> {
  const { name, content = '', type = 'file', linkname, pax, mode } = entry;
  const packer = pack();
  const header = {
    name,
    type,
    mtime: new Date(0),
    ...(mode === undefined ? {} : { mode }),
    ...(linkname === undefined ? {} : { linkname }),
    ...(pax === undefined ? {} : { pax }),
  };
  if (type === 'file') packer.entry(header, typeof content === 'string' ? Buffer.from(content) : content);
  else packer.entry(header);
  packer.finalize();
  return (await readAll(packer, Infinity)).subarray(0, -endOfArchive.length);
}

async function layerBytes({ layers }: ImageArchiveOptions): Promise<Buffer[]> {
  const given = layers ?? [[{ path: 'etc/motd', content: 'hello\n' }]];
  return await Promise.all(
    given.map(async (layer) => (Buffer.isBuffer(layer) ? layer : await layerOf(layer))),
  );
}

function dockerEntries(
  configuration: string,
  layers: readonly Buffer[],
  repoTags: readonly string[],
): ArchiveEntry[] {
  const first = new Map<string, string>();
  const folders: ArchiveEntry[][] = [];
  const names: string[] = [];
  layers.forEach((layer, index) => {
    const folder = sha256(`layer ${String(index)} of ${sha256(configuration)}`);
    const digest = sha256(layer);
    const twin = first.get(digest);
    if (twin === undefined) first.set(digest, folder);
    names.push(`${folder}/layer.tar`);
    folders.push([
      { name: `${folder}/`, type: 'directory' },
      { name: `${folder}/VERSION`, content: '1.0' },
      { name: `${folder}/json`, content: JSON.stringify({ id: folder, os: 'linux' }) },
      twin === undefined
        ? { name: `${folder}/layer.tar`, content: layer }
        : { name: `${folder}/layer.tar`, type: 'symlink', linkname: `../${twin}/layer.tar` },
    ]);
  });
  const config = `${sha256(configuration)}.json`;
  const sorted = [...folders, [{ name: config, content: configuration }]].sort((a, b) =>
    (a[0]?.name ?? '') < (b[0]?.name ?? '') ? -1 : 1,
  );
  return [
    ...sorted.flat(),
    {
      name: 'manifest.json',
      content: JSON.stringify([{ Config: config, RepoTags: repoTags, Layers: names }]),
    },
    { name: 'repositories', content: JSON.stringify({ 'test/image': { '1': names.at(-1)?.slice(0, 64) } }) },
  ];
}

function ociEntries(
  configuration: string,
  layers: readonly Buffer[],
  repoTags: readonly string[],
): ArchiveEntry[] {
  const blob = (bytes: Buffer | string): string => `blobs/sha256/${sha256(bytes)}`;
  const described = (mediaType: string, bytes: Buffer | string): object => ({
    mediaType: `application/vnd.oci.image.${mediaType}`,
    digest: `sha256:${sha256(bytes)}`,
    size: Buffer.byteLength(bytes),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: described('config.v1+json', configuration),
    layers: layers.map((layer) => described('layer.v1.tar', layer)),
  });
  const blobs = new Map(
    [...layers, configuration, manifest].map((content) => [blob(content), { name: blob(content), content }]),
  );
  return [
    { name: 'blobs/', type: 'directory' },
    { name: 'blobs/sha256/', type: 'directory' },
    ...[...blobs.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    {
      name: 'index.json',
      content: JSON.stringify({ schemaVersion: 2, manifests: [described('manifest.v1+json', manifest)] }),
    },
    {
      name: 'manifest.json',
      content: JSON.stringify([
        { Config: blob(configuration), RepoTags: repoTags, Layers: layers.map(blob) },
      ]),
    },
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
  ];
}
