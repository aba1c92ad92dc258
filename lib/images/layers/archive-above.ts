import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import {
  ArchiveFiles,
  ArchiveRefused,
  blockSize,
  ByteBudget,
  ByteReader,
  contentType,
  defaultImageLimits,
  manifestPath,
  parseConfiguration,
  parseManifest,
  shown,
  TarReader,
  type ImageConfiguration,
  type ImageLimits,
  type TarEntry,
} from '../archive/index.js';
import { partialArchive, type PartialArchive } from './partial-archive.js';
import { writeLayer, writeMetadata, type PartialImage } from './write-archive.js';

/** How an archive is rewritten to hold only what lies above a base image. */
export interface ArchiveAboveOptions {
  /** The archive, as the beginning of the sentences that say what is wrong with it. */
  readonly subject: string;
  /** The base's layers by their diff ids: the image's must begin with them. */
  readonly below: readonly string[];
  /** Tells layers of the base, which are left out, from others while the archive flows; default: all that comes is above it. */
  readonly isBelow?: (path: string) => boolean;
  /** Shown small files that are no layers, as they come. */
  readonly onMetadata?: (path: string, content: Buffer) => void;
  /** The one name that the archive claims; none when left out. */
  readonly reference?: string;
  readonly limits?: Partial<ImageLimits>;
  /** Changes the configuration on the way; what it returns is written as JSON. */
  readonly rewriteConfiguration?: (configuration: ImageConfiguration) => object;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Turns an image archive into one without the layers of a base image, be they in it or not: as `rewriteArchive` does, in one stream, each layer
 * verified against its digest, and the manifest last, when all was right.
 *
 * @param source - the archive, not compressed; read to its very end, so that a source that verifies itself can, and destroyed in any case.
 * @returns the archive, which the caller must read or destroy, and what it holds. Both fail with ImageUnacceptable when the archive is refused, and
 * with the source's own error when that fails.
 */
export function archiveAbove(source: Readable, options: ArchiveAboveOptions): PartialArchive {
  const limits = { ...defaultImageLimits, ...options.limits };
  const budget = new ByteBudget(limits.maxBytes);
  const bytes = new ByteReader(source, budget);
  // A stream that fails without a listener ends the process; the reader tells the error to whoever reads.
  source.on('error', () => undefined);
  async function* write(): AsyncGenerator<Buffer, PartialImage, void> {
    try {
      return yield* new ArchiveAbove(options, limits, budget).rewrite(new TarReader(bytes, limits, budget));
    } catch (error) {
      if (!(error instanceof ArchiveRefused)) throw error;
      throw new ImageUnacceptable(`${options.subject} ${error.message}`, { cause: error });
    }
  }
  const made = partialArchive(write, options.signal);
  made.archive.once('close', () => source.destroy());
  return made;
}

/** The rewriting of one archive. */
class ArchiveAbove {
  readonly #options: ArchiveAboveOptions;
  readonly #limits: ImageLimits;
  readonly #budget: ByteBudget;
  readonly #files = new ArchiveFiles();
  #heldBytes = 0;
  #written = 0;

  constructor(options: ArchiveAboveOptions, limits: ImageLimits, budget: ByteBudget) {
    this.#options = options;
    this.#limits = limits;
    this.#budget = budget;
  }

  async *rewrite(tar: TarReader): AsyncGenerator<Buffer, PartialImage, void> {
    for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
      const path = this.#files.enter(entry);
      if (entry.kind === 'file') yield* this.#file(tar, entry, path);
    }
    await tar.drain();
    return yield* this.#metadata();
  }

  async *#file(tar: TarReader, entry: TarEntry, path: string): AsyncGenerator<Buffer, void, void> {
    const head = await tar.read(blockSize);
    if (contentType(head) === 'json') await this.#hold(tar, entry, path, head);
    else if (this.#options.isBelow?.(path) !== true) yield* this.#layer(tar, entry, path, head);
  }

  async #hold(tar: TarReader, { size }: TarEntry, path: string, head: Buffer): Promise<void> {
    const { maxMetadataBytes } = this.#limits;
    if (size > maxMetadataBytes)
      throw new ArchiveRefused(`holds ${shown(path)} of ${size} bytes: ${maxMetadataBytes} are allowed`);
    const content = Buffer.concat([head, await tar.read(size)]);
    this.#options.onMetadata?.(path, content);
    // Archives hold JSON of many kinds, some of it large; only this can be a configuration.
    if (path !== manifestPath && !content.includes('"rootfs"')) return;
    this.#heldBytes += size;
    if (this.#heldBytes > heldFiles * maxMetadataBytes)
      throw new ArchiveRefused('holds too many configurations');
    this.#files.put(path, { kind: 'held', content });
  }

  async *#layer(
    tar: TarReader,
    { size }: TarEntry,
    path: string,
    head: Buffer,
  ): AsyncGenerator<Buffer, void, void> {
    this.#written += 1;
    const newName = String(this.#written).padStart(4, '0');
    const compressed = contentType(head) === 'gzip';
    const digests = yield* writeLayer(newName, size, head, contentOf(tar), this.#budget);
    if (digests !== undefined)
      this.#files.put(path, { kind: 'layer', newName, size, compressed, ...digests });
  }

  /** Everything has arrived: verifies it, and writes what makes an image of the layers that were passed on. */
  *#metadata(): Generator<Buffer, PartialImage, void> {
    const { below, reference, rewriteConfiguration } = this.#options;
    const manifest = parseManifest(this.#held(manifestPath, 'manifest').toString('utf8'), this.#limits);
    const stored = this.#held(manifest.configuration, 'configuration');
    const read = parseConfiguration(manifest.configuration, stored.toString('utf8'));
    const bytes =
      rewriteConfiguration === undefined ? stored : Buffer.from(JSON.stringify(rewriteConfiguration(read)));
    const configuration = parseConfiguration('rewritten', bytes.toString('utf8'));
    const { diff_ids: diffIds } = configuration.rootfs;
    if (manifest.layers.length !== diffIds.length)
      throw new ArchiveRefused(
        `names ${manifest.layers.length} layers in its manifest and ${diffIds.length} in its configuration`,
      );
    if (below.some((diffId, index) => diffIds[index] !== diffId))
      throw new ArchiveRefused('does not lie above its base image: their layers differ');
    const above = manifest.layers
      .slice(below.length)
      .map((path, index) => this.#verified(path, diffIds[below.length + index]));
    yield* writeMetadata({ configuration: bytes, reference, below: below.length, above });
    return {
      id: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      configuration,
      layers: diffIds.map((diffId) => ({ diffId })),
    };
  }

  #held(named: string, role: 'manifest' | 'configuration'): Buffer {
    const { file } = this.#files.find(named, role);
    if (file.kind === 'held') return file.content;
    throw new ArchiveRefused(`has the ${role} ${shown(named)}, which is something else`);
  }

  /** @returns the new name of a layer that is what it must be. */
  #verified(named: string, diffId: string | undefined): string {
    const { file } = this.#files.find(named, 'layer');
    if (file.kind === 'layer' && file.diffId === diffId) return file.newName;
    throw new ArchiveRefused(`has the layer ${shown(named)}, whose digest is not ${String(diffId)}`);
  }
}

/** How many files of the largest size allowed may be held in memory. */
const heldFiles = 4;

async function* contentOf(tar: TarReader): AsyncGenerator<Buffer, void, void> {
  for (let chunk = await tar.some(); chunk !== undefined; chunk = await tar.some()) yield chunk;
}
