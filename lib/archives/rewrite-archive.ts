import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ImageUnacceptable, NovaException } from '../../interfaces/index.js';
import { archiveReadAhead, reusesBuffer, borrowedChunks, readableOf } from '../streams/index.js';
import { layerName } from '../progress/index.js';
import { ArchiveFiles, twice, type ArchiveFile } from './archive-files.js';
import { ArchiveRefused, NotForThisHost, shown } from './archive-refused.js';
import type { ByteReader } from './byte-reader.js';
import { needsThread } from './compression.js';
import { contentType, isLayerType, type LayerType } from './content-type.js';
import {
  configurationBytes,
  parseConfiguration,
  type ContainerConfiguration,
  type ImageConfiguration,
} from './image-configuration.js';
import { ByteBudget, defaultImageLimits, type ImageLimits } from './limits.js';
import { manifestPath } from './manifest.js';
import { indexPath } from './oci-layout.js';
import { isRootFileSystem, rootFileSystem } from './root-file-system.js';
import { storedLayer } from './oci-manifest.js';
import { Outcome } from './outcome.js';
import { blockSize } from './tar-header.js';
import { TarReader, type TarEntry } from './tar-reader.js';
import type { RewriteOptions } from './rewrite-options.js';
import { openArchive } from './unpacked-archive.js';
import { verifiedImage } from './verified-image.js';
import { layerFileName, writeLayer, writeMetadata } from './write-image.js';

/** A layer in an archive. */
interface ArchivedLayer {
  /** The size in bytes, as stored. */
  readonly size: number;
  /** `sha256:` and the digest of the unpacked layer. */
  readonly diffId: string;
}

/** A layer in a rewritten archive. */
interface RewrittenLayer extends ArchivedLayer {
  /** The file's name in the archive. */
  readonly name: string;
  readonly type: LayerType;
}

/** The form of a rewritten archive. From a `root file system` the engine must make an image. */
type ArchiveForm = 'image' | 'root file system';

/** The image that an engine makes of an archive. */
export interface ArchivedImage {
  /**
   * The image's id: `sha256:` and the digest of the configuration, or in the OCI layout that of the manifest. Empty for
   * a root file system, because the engine assigns the id.
   */
  readonly id: string;
  readonly configuration: ImageConfiguration;
  /** The layers in the archive, from the base up. */
  readonly layers: readonly ArchivedLayer[];
}

/** The image that an engine makes of a rewritten archive. */
export interface RewrittenImage extends ArchivedImage {
  readonly layers: readonly RewrittenLayer[];
}

/**
 * Rewrites an untrusted image archive into one that an engine can load safely. It accepts `docker save` archives of the
 * old and the OCI layout, and OCI layouts without a manifest.json, uncompressed or compressed with gzip, zstd, xz or
 * bzip2.
 *
 * The rewritten archive has only regular files: the layers, named in the order of arrival, then a manifest with one
 * image. It keeps no reference and no link of the source. The manifest comes only after the source ended without an
 * error and all parts were verified: before that, an engine has nothing to load. The archive of a root file system is
 * decompressed and passed on unchanged, and its end mark comes last.
 *
 * @param source - the archive. It is read completely, so that a source that verifies itself can do so, and is destroyed
 * in any case.
 * @returns the rewritten archive, which the caller must read or destroy; its form, which resolves even before the
 * archive is read; and its image, which resolves at the end. All three fail with ImageUnacceptable when the archive is
 * refused, with another NovaException when it is valid but unsuitable for this host, and with the source's error when
 * the source fails.
 */
export function rewriteArchive(
  source: Readable,
  options: RewriteOptions,
): {
  readonly archive: Readable;
  readonly form: Promise<ArchiveForm>;
  readonly image: Promise<RewrittenImage>;
} {
  const rewriter = new ArchiveRewriter(options);
  const { form, image } = rewriter;
  const pieces = rewriter.rewrite(borrowedChunks(source));
  // Start now, so that the form resolves before the archive is read.
  let first: Promise<IteratorResult<Buffer, void>> | undefined = pieces.next();
  first.catch(() => undefined);
  const archive = readableOf(
    {
      reusesBuffer: reusesBuffer(source),
      next: async () => {
        const step = first ?? pieces.next();
        first = undefined;
        return (await step).value ?? undefined;
      },
      close: () => {
        source.destroy();
        // A step in progress ends with the source; the archive's reader receives its error.
        pieces.return().catch(() => undefined);
      },
    },
    { signal: options.signal, readAhead: archiveReadAhead },
  );
  // The reader receives the error. Without a listener, an error before that would end the process.
  archive.on('error', () => undefined);
  archive.once('close', () => {
    const why = archive.errored ?? new Error('The archive was destroyed before its end');
    form.reject(why);
    image.reject(why);
  });
  return { archive, form: form.promise, image: image.promise };
}

/** Rewrites one archive. */
class ArchiveRewriter {
  readonly form = new Outcome<ArchiveForm>();
  readonly image = new Outcome<RewrittenImage>();
  readonly #options: RewriteOptions;
  readonly #limits: ImageLimits;
  readonly #budget: ByteBudget;
  readonly #files = new ArchiveFiles();
  #heldBytes = 0;
  #threads = 0;
  #written = 0;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#limits = { ...defaultImageLimits, ...options.limits };
    this.#budget = new ByteBudget(this.#limits.maxBytes);
  }

  async *rewrite(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
    const inherited = this.#options.rootFileSystem;
    let bytes: ByteReader | undefined;
    try {
      bytes = await openArchive(chunks, this.#budget);
      if (inherited !== undefined && (await isRootFileSystem(bytes))) {
        const config = inherited();
        this.form.resolve('root file system');
        yield* this.#rootFileSystem(bytes, config);
      } else {
        this.form.resolve('image');
        yield* this.#image(bytes);
      }
    } catch (error) {
      const failure =
        error instanceof ArchiveRefused ? refusal(`${this.#options.subject} ${error.message}`, error) : error;
      // A caller that awaits the form does not read the archive yet, so it would not see a stream error.
      this.form.reject(failure);
      throw failure;
    } finally {
      await bytes?.close();
    }
  }

  async *#rootFileSystem(
    bytes: ByteReader,
    config: ContainerConfiguration,
  ): AsyncGenerator<Buffer, void, void> {
    const { diffId, size } = yield* rootFileSystem(bytes, this.#budget);
    this.image.resolve({
      id: '',
      configuration: { os: 'linux', config, rootfs: { type: 'layers', diff_ids: [diffId] } },
      layers: [{ name: '', type: 'tar', size, diffId }],
    });
  }

  async *#image(bytes: ByteReader): AsyncGenerator<Buffer, void, void> {
    const tar = new TarReader(bytes, this.#limits, this.#budget);
    for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
      const { path, twin } = this.#files.enter(entry);
      if (twin !== undefined) {
        if ((await digestOf(tar.content())) !== twin.blob) throw twice(path);
      } else if (entry.kind === 'file') yield* this.#file(tar, entry, path);
    }
    await tar.drain();
    yield* this.#metadata();
  }

  /** Passes on possible layers, holds possible metadata, and drops everything else. */
  async *#file(tar: TarReader, entry: TarEntry, path: string): AsyncGenerator<Buffer, void, void> {
    const head = await tar.read(blockSize);
    const type = contentType(head);
    if (isLayerType(type)) {
      if (this.#options.below?.holds?.(path) !== true) yield* this.#layer(tar, entry, path, head, type);
    } else if (type === 'json') this.#files.put(path, await this.#held(tar, entry, path, head));
    else {
      const blob = await digestOf(tar.content(), head);
      this.#files.put(path, { kind: 'useless', blob, because: 'is neither a tar archive nor compressed' });
    }
  }

  async *#layer(
    tar: TarReader,
    { size }: TarEntry,
    path: string,
    head: Buffer,
    type: LayerType,
  ): AsyncGenerator<Buffer, void, void> {
    if (needsThread(type)) this.#countThread();
    this.#written += 1;
    const newName = layerFileName(this.#options.reference, this.#written);
    const what = `holds ${shown(path)}, which`;
    const layer = { name: newName, size, type, what, head, rest: tar.content() };
    this.#options.onLayer?.(layerName(path));
    const digests = yield* writeLayer(layer, this.#budget);
    this.#options.onLayer?.(undefined);
    // Called after the layer was validated: no host accepts an invalid layer.
    if (type !== 'tar') await this.#options.validateLayerCompression?.(type);
    this.#files.put(path, { kind: 'layer', newName, size, type, ...digests });
  }

  /** Each such layer costs a thread, so the archive may hold only as many as an image may have layers. */
  #countThread(): void {
    const { maxLayers } = this.#limits;
    this.#threads += 1;
    if (this.#threads > maxLayers)
      throw new ArchiveRefused(`holds more than the ${maxLayers} layers allowed`);
  }

  async #held(tar: TarReader, { size }: TarEntry, path: string, head: Buffer): Promise<ArchiveFile> {
    const { maxMetadataBytes } = this.#limits;
    if (size > maxMetadataBytes)
      return {
        kind: 'useless',
        blob: await digestOf(tar.content(), head),
        because: `has ${size} bytes: ${maxMetadataBytes} are allowed`,
      };
    const content = Buffer.concat([head, await tar.read(size)]);
    const blob = createHash('sha256').update(content).digest('hex');
    this.#options.below?.onMetadata?.(path, content);
    if (path !== manifestPath && path !== indexPath && !metadataFields.some((name) => content.includes(name)))
      return { kind: 'useless', blob, because: "is not an image's configuration" };
    if (this.#heldBytes + size > heldFiles * maxMetadataBytes)
      return { kind: 'useless', blob, because: 'comes after too many configurations' };
    this.#heldBytes += size;
    return { kind: 'held', blob, content };
  }

  /** Called at the end of the source: verifies the image and writes its metadata. */
  async *#metadata(): AsyncGenerator<Buffer, void, void> {
    const {
      reference,
      rewriteConfiguration,
      architecture,
      below,
      layout = 'docker',
      validateLayerCount,
    } = this.#options;
    const layersBelow = below?.layers ?? [];
    const verified = verifiedImage(this.#files, this.#limits, architecture, layersBelow);
    const { configuration, content } =
      rewriteConfiguration === undefined
        ? { configuration: verified.configuration, content: verified.configurationBytes }
        : rewritten(rewriteConfiguration(verified.configuration), verified.configurationBytes);
    const layers = verified.layers.map(({ newName, type, size, diffId }) => {
      return { name: newName, type, size, diffId };
    });
    await validateLayerCount?.(layersBelow.length + layers.length);
    const id = yield* writeMetadata({
      layout,
      configuration: content,
      reference,
      below: layersBelow.length,
      stored: below?.stored,
      above: verified.layers.map((layer) => ({ name: layer.newName, file: storedLayer(layer) })),
    });
    this.image.resolve({ id, configuration, layers });
  }
}

/** Nova does not retry an unacceptable image on another host, so only a NotForThisHost becomes a NovaException. */
function refusal(message: string, error: ArchiveRefused): NovaException {
  const { cause } = error;
  return error instanceof NotForThisHost
    ? new NovaException(message, { cause })
    : new ImageUnacceptable(message, { cause });
}

function rewritten(
  configuration: object,
  original: Buffer,
): { configuration: ImageConfiguration; content: Buffer } {
  const content = configurationBytes(configuration, original);
  return { configuration: parseConfiguration('rewritten', content.toString('utf8')), content };
}

/** How many files of the maximum size may be held in memory. */
const heldFiles = 4;

/**
 * Archives hold JSON of many kinds, some of it large. A configuration or a manifest has at least one of these strings.
 */
const metadataFields = ['"rootfs"', '"manifests"', '"layers"', '"Config"'];

/** @returns the digest of the bytes in hexadecimal. */
async function digestOf(content: AsyncIterable<Buffer>, head?: Buffer): Promise<string> {
  const hash = createHash('sha256');
  if (head !== undefined) hash.update(head);
  for await (const piece of content) hash.update(piece);
  return hash.digest('hex');
}
