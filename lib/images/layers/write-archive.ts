import { createHash } from 'node:crypto';
import {
  blockSize,
  contentType,
  fileHeader,
  LayerDigest,
  manifestPath,
  paddingAfter,
  type ByteBudget,
  type ImageConfiguration,
  type LayerDigests,
} from '../archive/index.js';

/** An image that an archive holds the upper layers of. */
export interface PartialImage {
  /** `sha256:` and the digest of the configuration: the image's id in a classic image store. */
  readonly id: string;
  readonly configuration: ImageConfiguration;
  /** From the base up, those that are not in the archive included. */
  readonly layers: readonly { readonly diffId: string }[];
}

/** What makes an image of an archive's layers. */
export interface PartialMetadata {
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
 * Writes a layer, and hashes it on the way.
 *
 * @param content - so many bytes: what is too much or too little is an error of its source's.
 * @param budget - charged for every byte that a compressed layer unpacks to.
 * @returns what the layer turned out to be; undefined when it is none.
 */
export async function* writeLayer(
  name: string,
  size: number,
  head: Buffer,
  content: AsyncIterable<Buffer>,
  budget: ByteBudget,
): AsyncGenerator<Buffer, LayerDigests | undefined, void> {
  const type = contentType(head);
  if (type !== 'tar' && type !== 'gzip') return undefined;
  const digest = new LayerDigest('holds a layer, which', type === 'gzip' ? 'gzip' : undefined, budget);
  try {
    yield fileHeader(name, size);
    await digest.update(head);
    yield head;
    for await (const chunk of content) {
      await digest.update(chunk);
      yield chunk;
    }
    yield Buffer.alloc(paddingAfter(size));
    return await digest.finish();
  } finally {
    digest.destroy();
  }
}

/** Writes the end of an archive: before it an engine has nothing that it could load. */
export function* writeMetadata({
  configuration,
  reference,
  below,
  above,
}: PartialMetadata): Generator<Buffer, void, void> {
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
  yield Buffer.alloc(2 * blockSize);
}

function* wholeFile(name: string, content: Buffer): Generator<Buffer, void, void> {
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}
