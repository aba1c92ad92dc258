import { createHash } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { asError } from '../../streams/index.js';
import { ArchiveFiles, type ArchiveFile } from './archive-files.js';
import { ArchiveRefused, shown } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { contentType, type ContentType } from './content-type.js';
import { Gunzip } from './gunzip.js';
import { parseConfiguration, type ImageConfiguration } from './image-configuration.js';
import { LayerDigest } from './layer-digest.js';
import { ByteBudget, defaultImageLimits, type ImageLimits } from './limits.js';
import { manifestPath } from './manifest.js';
import { blockSize, fileHeader, paddingAfter } from './tar-header.js';
import { TarReader, type TarEntry } from './tar-reader.js';
import { verifiedImage } from './verified-image.js';

/** How an archive is rewritten. */
export interface RewriteOptions {
  /** The archive, as the beginning of the sentences that say what is wrong with it: `Image 70a599e0`. */
  readonly subject: string;
  /** The one name that the rewritten archive claims; none when left out. */
  readonly reference?: string;
  readonly limits?: Partial<ImageLimits>;
  /** Changes the configuration on the way, and with it the image's id; what it returns is written as JSON. */
  readonly rewriteConfiguration?: (configuration: ImageConfiguration) => object;
  /** Breaks off: the archive and its source are destroyed with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A layer of a rewritten archive. */
export interface RewrittenLayer {
  /** Its name in the archive. */
  readonly name: string;
  /** Bytes in the archive. */
  readonly size: number;
  /** `sha256:` and the digest of the layer unpacked. */
  readonly diffId: string;
  readonly compressed: boolean;
}

/** What a rewritten archive holds. */
export interface RewrittenImage {
  /** `sha256:` and the digest of the configuration: the image's id in a classic image store. */
  readonly id: string;
  readonly configuration: ImageConfiguration;
  /** From the base up. */
  readonly layers: readonly RewrittenLayer[];
}

/** Bytes that wait for the reader of a rewritten archive. */
const readAhead = 1024 * 1024;

/**
 * Turns an image archive that anybody may have made into one that an engine can be given: `docker save` archives of the old or the OCI layout, plain
 * or gzip, become regular files named in the order of arrival and, as the last of them, a manifest with one image. Nothing that the archive
 * calls itself or links to is left, and the manifest comes only when the source has ended without an error and everything in it has been
 * verified: before that an engine has nothing to load.
 *
 * @param source - the archive; read to its very end, so that a source that verifies itself can, and destroyed in any case.
 * @returns the rewritten archive, which the caller must read or destroy, and what it holds. Both fail with ImageUnacceptable when the archive is
 * refused, and with the source's own error when that fails.
 */
export function rewriteArchive(
  source: Readable,
  options: RewriteOptions,
): { readonly archive: Readable; readonly image: Promise<RewrittenImage> } {
  const rewriter = new ArchiveRewriter(options);
  const archive = new PassThrough({ highWaterMark: readAhead });
  const image = new Promise<RewrittenImage>((resolve, reject) => {
    const rewrite = (chunks: AsyncIterable<unknown>): AsyncIterable<Buffer> =>
      rewriter.rewrite(chunks, resolve);
    pipeline(source, rewrite, archive).catch(reject);
  });
  // pipeline only sees that its last stream is gone when there is something to write to it: a silent source would stay open.
  archive.once('close', () => source.destroy());
  // Whoever reads the archive hears of the failure; not everybody asks what it holds.
  image.catch(() => undefined);
  destroyOnAbort(archive, options.signal);
  return { archive, image };
}

function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): void {
  const onAbort = (): void => void stream.destroy(asError(signal?.reason));
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', onAbort));
}

/** The rewriting of one archive. */
class ArchiveRewriter {
  readonly #options: RewriteOptions;
  readonly #limits: ImageLimits;
  readonly #budget: ByteBudget;
  readonly #files = new ArchiveFiles();
  #heldBytes = 0;
  #written = 0;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#limits = { ...defaultImageLimits, ...options.limits };
    this.#budget = new ByteBudget(this.#limits.maxBytes);
  }

  async *rewrite(
    chunks: AsyncIterable<unknown>,
    done: (image: RewrittenImage) => void,
  ): AsyncGenerator<Buffer, void, void> {
    const bytes = new ByteReader(unpacked(chunks), this.#budget);
    try {
      const tar = new TarReader(bytes, this.#limits, this.#budget);
      for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
        const path = this.#files.enter(entry);
        if (entry.kind === 'file') yield* this.#file(tar, entry, path);
      }
      await tar.drain();
      yield* this.#metadata(done);
    } catch (error) {
      if (!(error instanceof ArchiveRefused)) throw error;
      throw new ImageUnacceptable(`${this.#options.subject} ${error.message}`, { cause: error.cause });
    } finally {
      await bytes.close();
    }
  }

  /** Passes on what can be a layer, keeps what can be metadata, and leaves out the rest. */
  async *#file(tar: TarReader, entry: TarEntry, path: string): AsyncGenerator<Buffer, void, void> {
    const head = await tar.read(blockSize);
    const type = contentType(head);
    if (type === 'tar' || type === 'gzip') yield* this.#layer(tar, entry, path, head, type === 'gzip');
    else if (type === 'json') this.#files.put(path, await this.#held(tar, entry, path, head));
    else this.#files.put(path, { kind: 'useless', because: uselessBecause(type) });
  }

  async *#layer(
    tar: TarReader,
    { size }: TarEntry,
    path: string,
    head: Buffer,
    compressed: boolean,
  ): AsyncGenerator<Buffer, void, void> {
    const newName = this.#nextName();
    const digest = new LayerDigest(`holds ${shown(path)}, which`, compressed, this.#budget);
    try {
      yield fileHeader(newName, size);
      await digest.update(head);
      yield head;
      for (let chunk = await tar.some(); chunk !== undefined; chunk = await tar.some()) {
        await digest.update(chunk);
        yield chunk;
      }
      yield Buffer.alloc(paddingAfter(size));
      this.#files.put(path, { kind: 'layer', newName, size, compressed, ...(await digest.finish()) });
    } finally {
      digest.destroy();
    }
  }

  async #held(tar: TarReader, { size }: TarEntry, path: string, head: Buffer): Promise<ArchiveFile> {
    const { maxMetadataBytes } = this.#limits;
    if (size > maxMetadataBytes)
      return { kind: 'useless', because: `has ${size} bytes: ${maxMetadataBytes} are allowed` };
    const content = Buffer.concat([head, await tar.read(size)]);
    // Archives hold JSON of many kinds, some of it large; only this can be a configuration.
    if (path !== manifestPath && !content.includes('"rootfs"'))
      return { kind: 'useless', because: "is not an image's configuration" };
    this.#heldBytes += size;
    if (this.#heldBytes > heldFiles * maxMetadataBytes)
      throw new ArchiveRefused('holds too many configurations');
    return { kind: 'held', content };
  }

  /** Everything has arrived: verifies it, and writes what makes an image of the files that were passed on. */
  *#metadata(done: (image: RewrittenImage) => void): Generator<Buffer, void, void> {
    const { reference, rewriteConfiguration } = this.#options;
    const { layers, ...verified } = verifiedImage(this.#files, this.#limits);
    const { configuration, content } =
      rewriteConfiguration === undefined
        ? { configuration: verified.configuration, content: verified.configurationBytes }
        : rewritten(rewriteConfiguration(verified.configuration));
    const configurationName = this.#nextName();
    const manifest = {
      Config: configurationName,
      RepoTags: reference === undefined ? null : [reference],
      Layers: layers.map(({ newName }) => newName),
    };
    yield* wholeFile(configurationName, content);
    yield* wholeFile(manifestPath, Buffer.from(JSON.stringify([manifest])));
    yield Buffer.alloc(2 * blockSize);
    done({
      id: `sha256:${createHash('sha256').update(content).digest('hex')}`,
      configuration,
      layers: layers.map(({ newName, size, diffId, compressed }) => ({
        name: newName,
        size,
        diffId,
        compressed,
      })),
    });
  }

  #nextName(): string {
    this.#written += 1;
    return String(this.#written).padStart(4, '0');
  }
}

function rewritten(configuration: object): { configuration: ImageConfiguration; content: Buffer } {
  const text = JSON.stringify(configuration);
  return { configuration: parseConfiguration('rewritten', text), content: Buffer.from(text) };
}

/** How many files of the largest size allowed may be held in memory. */
const heldFiles = 4;

function* wholeFile(name: string, content: Buffer): Generator<Buffer, void, void> {
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}

/** The archive's bytes, unpacked if they are gzip data. */
async function* unpacked(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
  if (isUnsupported(type)) throw new ArchiveRefused(uselessBecause(type));
  if (type !== 'gzip') {
    yield* bytes.rest();
    return;
  }
  const gunzip = new Gunzip('is an archive that');
  try {
    for await (const chunk of bytes.rest()) yield* gunzip.unpack(chunk);
    yield* gunzip.finish();
  } finally {
    gunzip.destroy();
  }
}

type UnsupportedType = Extract<ContentType, 'bzip2' | 'xz' | 'zstd'>;

const isUnsupported = (type: ContentType): type is UnsupportedType =>
  type === 'bzip2' || type === 'xz' || type === 'zstd';

function uselessBecause(type: ContentType): string {
  return isUnsupported(type)
    ? `is compressed with ${type}: only gzip is supported`
    : 'is neither a tar archive nor gzip data';
}
