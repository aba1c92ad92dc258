import { createHash } from 'node:crypto';
import type { LayerType } from './content-type.js';
import { LayerDigest, type LayerDigests } from './layer-digest.js';
import type { ByteBudget } from './limits.js';
import { manifestPath } from './manifest.js';
import { indexPath } from './oci-layout.js';
import { imageIndex, imageManifest, type StoredLayer } from './oci-manifest.js';
import { fileHeader, paddingAfter, blockSize } from './tar-header.js';

/**
 * Returns the name of a layer's file.
 *
 * If an upload breaks off, the containerd image store (28.5) keeps the partial data under the file's name for a day,
 * and treats it as the beginning of the next file with that name. So two archives sent to engines must not share a
 * name: otherwise one truncated archive would block all later ones.
 *
 * @param reference - the only reference that the archive claims; no other archive has it. Default: none, for an archive
 * that is not sent to an engine.
 * @param number - the layer's number in the archive, from 1.
 */
export function layerFileName(reference: string | undefined, number: number): string {
  const name = String(number).padStart(4, '0');
  return reference === undefined ? name : `${reference.slice(reference.lastIndexOf(':') + 1)}-${name}`;
}

/** A layer to write into an archive. */
interface LayerToWrite {
  /** The file's name in the archive. */
  readonly name: string;
  /** The size in bytes, as stored. */
  readonly size: number;
  readonly type: LayerType;
  /** Names the layer in error messages, as the start of a predicate: `holds "a", which`. */
  readonly what: string;
  /** Its first bytes. */
  readonly head: Buffer;
  /** The remaining bytes. The source must ensure that head and rest have `size` bytes in total. */
  readonly rest: AsyncIterable<Buffer>;
}

/**
 * Writes a layer, hashing and validating it on the way; see {@link LayerDigest}.
 *
 * @param budget - charged for every byte that a compressed layer unpacks to.
 * @returns the layer's digests.
 * @throws ArchiveRefused when the layer cannot be decompressed, exceeds the budget, is malformed, or holds a sparse
 * file of the old GNU type.
 */
export async function* writeLayer(
  { name, size, type, what, head, rest }: LayerToWrite,
  budget: ByteBudget,
): AsyncGenerator<Buffer, LayerDigests, void> {
  const digest = new LayerDigest(what, type === 'tar' ? undefined : type, budget);
  try {
    yield fileHeader(name, size);
    await digest.update(head);
    yield head;
    for await (const chunk of rest) {
      await digest.update(chunk);
      yield chunk;
    }
    yield Buffer.alloc(paddingAfter(size));
    return await digest.finish();
  } finally {
    digest.destroy();
  }
}

/** How an archive describes its image: for a classic image store and the image service, or for containerd's store. */
export type ArchiveLayout = 'docker' | 'oci';

/** A layer in an archive. */
interface WrittenLayer {
  /** The file's name in the archive. */
  readonly name: string;
  readonly file: StoredLayer;
}

/** The metadata that turns an archive's layers into an image. */
interface MetadataToWrite {
  readonly layout: ArchiveLayout;
  /** The configuration's bytes in the archive. */
  readonly configuration: Buffer;
  /** The only reference that the archive claims; undefined for none. */
  readonly reference: string | undefined;
  /** How many layers, from the base up, are not in the archive. The engine must have them. */
  readonly below: number;
  /** The same layers as containerd's store keeps them; the layout `oci` names them. */
  readonly stored: readonly StoredLayer[] | undefined;
  /** The layers in the archive, from the base up. */
  readonly above: readonly WrittenLayer[];
}

/**
 * Writes the end of an archive: configuration, manifest, end mark. Until the end arrives, an engine loads nothing.
 *
 * @returns the image's id: `sha256:` and the digest of the configuration, or in the OCI layout that of the manifest.
 */
export function* writeMetadata(metadata: MetadataToWrite): Generator<Buffer, string, void> {
  const id = yield* metadata.layout === 'oci' ? ociMetadata(metadata) : dockerMetadata(metadata);
  yield endOfArchive;
  return id;
}

/**
 * The configuration's file is named by its digest, so that a reader that fetches parts of the archive can verify it.
 */
function* dockerMetadata({
  configuration,
  reference,
  below,
  above,
}: MetadataToWrite): Generator<Buffer, string, void> {
  const digest = createHash('sha256').update(configuration).digest('hex');
  const name = `${digest}.json`;
  const manifest = {
    Config: name,
    RepoTags: reference === undefined ? null : [reference],
    // These files do not exist: an engine does not read the file of a layer that it has.
    Layers: [
      ...Array.from({ length: below }, (_, index) => `below-${index}`),
      ...above.map(({ name: file }) => file),
    ],
  };
  yield* wholeFile(name, configuration);
  yield* wholeFile(manifestPath, Buffer.from(JSON.stringify([manifest])));
  return `sha256:${digest}`;
}

/**
 * An engine with containerd's image store takes an archive in the OCI layout without the files that its store has. The
 * names of the layers' files do not matter: the store identifies files by their digests. The index comes last: before
 * it, the engine has nothing to load.
 */
function* ociMetadata({
  configuration,
  reference,
  stored = [],
  above,
}: MetadataToWrite): Generator<Buffer, string, void> {
  const manifest = imageManifest(configuration, [...stored, ...above.map(({ file }) => file)]);
  const id = createHash('sha256').update(manifest).digest('hex');
  yield* wholeFile(`blobs/sha256/${createHash('sha256').update(configuration).digest('hex')}`, configuration);
  yield* wholeFile(`blobs/sha256/${id}`, manifest);
  yield* wholeFile('oci-layout', Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' })));
  yield* wholeFile(indexPath, imageIndex(manifest, reference));
  return `sha256:${id}`;
}

/** Writes a whole file of an archive. */
export function* wholeFile(name: string, content: Buffer): Generator<Buffer, void, void> {
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}

/** The end mark of an archive: two zero blocks. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);
