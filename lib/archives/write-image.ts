import { createHash } from 'node:crypto';
import type { LayerType } from './content-type.js';
import { LayerDigest, type LayerDigests } from './layer-digest.js';
import type { ByteBudget } from './limits.js';
import { manifestPath } from './manifest.js';
import { fileHeader, paddingAfter, blockSize } from './tar-header.js';

/**
 * Names the file of a layer.
 *
 * The containerd image store (28.5) keeps, under a file's name and for a day, what came of it with an archive that
 * broke off, and takes it for the beginning of the next file that is called so: no two archives that engines are given
 * may have a name in common, or one that is cut keeps all others out.
 *
 * @param reference - the one name that the archive claims: such a name is given once. Left out: the archive is for no
 * engine.
 * @param number - that of the layer in the archive, from 1 up.
 */
export function layerFileName(reference: string | undefined, number: number): string {
  const name = String(number).padStart(4, '0');
  return reference === undefined ? name : `${reference.slice(reference.lastIndexOf(':') + 1)}-${name}`;
}

/** A layer on its way into an archive. */
interface LayerToWrite {
  /** The name that it gets there. */
  readonly name: string;
  /** Bytes as they are. */
  readonly size: number;
  readonly type: LayerType;
  /** The layer, as the beginning of a sentence's rest: `holds "a", which`. */
  readonly what: string;
  /** Its first bytes. */
  readonly head: Buffer;
  /** The others, that many: what is too much or too little is an error of their source's. */
  readonly rest: AsyncIterable<Buffer>;
}

/**
 * Writes a layer, and hashes it on the way; see {@link LayerDigest}.
 *
 * @param budget - charged for every byte that a compressed layer unpacks to.
 * @returns what the layer turned out to be.
 * @throws ArchiveRefused when it cannot be unpacked, goes beyond the budget, or holds a sparse file.
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

/** What makes an image of an archive's layers. */
interface MetadataToWrite {
  /** As it stands in the archive. */
  readonly configuration: Buffer;
  /** The one name that the archive claims; none when left out. */
  readonly reference: string | undefined;
  /** How many layers, from the base up, are not in the archive: the engine must have them. */
  readonly below: number;
  /** The names in the archive of those that are, in their order. */
  readonly above: readonly string[];
}

/**
 * Writes the end of an archive: before it an engine has nothing that it could load. The configuration is named by its
 * digest, so that whoever reads the archive in parts can verify it.
 *
 * @returns the image's id in a classic image store: `sha256:` and the digest of the configuration.
 */
export function* writeMetadata({
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
    // Names of files that are not there: engines do not look for those of layers that they have.
    Layers: [...Array.from({ length: below }, (_, index) => `below-${index}`), ...above],
  };
  yield* wholeFile(name, configuration);
  yield* wholeFile(manifestPath, Buffer.from(JSON.stringify([manifest])));
  yield endOfArchive;
  return `sha256:${digest}`;
}

/** A file of an archive that is written. */
export function* wholeFile(name: string, content: Buffer): Generator<Buffer, void, void> {
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}

/** What ends an archive: two blocks of zeros. */
export const endOfArchive: Buffer = Buffer.alloc(2 * blockSize);
