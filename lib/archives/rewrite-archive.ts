import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ImageUnacceptable, NovaException } from '../../interfaces/index.js';
import { archiveReadAhead, isLent, lentBytes, readableOf } from '../streams/index.js';
import { layerName } from '../progress/index.js';
import { ArchiveFiles, twice, type ArchiveFile } from './archive-files.js';
import { ArchiveRefused, NotForThisHost, shown } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
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
import { Outcome } from './outcome.js';
import { blockSize } from './tar-header.js';
import { TarReader, type TarEntry } from './tar-reader.js';
import { unpackedArchive, uselessBecause } from './unpacked-archive.js';
import { verifiedImage } from './verified-image.js';
import { layerFileName, writeLayer, writeMetadata } from './write-image.js';

/** The layers of a base image, which a rewritten archive leaves out, be they in the archive or not. */
export interface LayersBelow {
  /** By their diff ids: the image's must begin with them. */
  readonly layers: readonly string[];
  /**
   * Tells those that are in the archive from others while it flows. What is taken for one of them and is none is missed
   * at the end.
   */
  readonly holds?: (path: string) => boolean;
  /** Shown small files that are no layers, as they come. */
  readonly onMetadata?: (path: string, content: Buffer) => void;
}

/** How an archive is rewritten. */
export interface RewriteOptions {
  /** The archive, as the beginning of the sentences that say what is wrong with it: `Image 70a599e0`. */
  readonly subject: string;
  /** The one name that the rewritten archive claims; none when left out. */
  readonly reference?: string;
  readonly limits?: Partial<ImageLimits>;
  /** Changes the configuration on the way, and with it the image's id; what it returns is written as JSON. */
  readonly rewriteConfiguration?: (configuration: ImageConfiguration) => object;
  /**
   * What containers of it inherit, asked for when the archive is that of a root file system. Left out: such an archive
   * is refused.
   */
  readonly rootFileSystem?: () => ContainerConfiguration;
  /** Which image to take where an OCI layout's index names several, as Go names it: `amd64`. Left out: none of them. */
  readonly architecture?: string;
  /**
   * Whether whoever is given the archive can unpack layers that are compressed with zstd; default true. Where not, such
   * an archive is not for this host.
   */
  readonly takesZstdLayers?: boolean;
  /**
   * Called before the archive's end with the number of the image's layers, those below included. What it throws, the
   * archive fails with.
   */
  readonly mustTakeLayers?: (count: number) => Promise<void>;
  /** What the image lies above: none when left out. */
  readonly below?: LayersBelow;
  /** Told which layer the archive is at, by its `layerName`; undefined when it has passed. */
  readonly onLayer?: (layer: string | undefined) => void;
  /** Breaks off: the archive and its source are destroyed with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A layer in an archive. */
interface ArchivedLayer {
  /** Bytes in the archive. */
  readonly size: number;
  /** `sha256:` and the digest of the layer unpacked. */
  readonly diffId: string;
}

/** A layer in an archive that was rewritten. */
interface RewrittenLayer extends ArchivedLayer {
  /** Its name there. */
  readonly name: string;
  readonly type: LayerType;
}

/**
 * What a rewritten archive is: that of an image, or that of the files of a root file system, from which the engine is
 * to make an image.
 */
type ArchiveForm = 'image' | 'root file system';

/** The image that an engine makes of an archive. */
export interface ArchivedImage {
  /**
   * `sha256:` and the digest of the configuration: the image's id in a classic image store. Empty for a root file
   * system: its engine makes one.
   */
  readonly id: string;
  readonly configuration: ImageConfiguration;
  /** Those that the archive has, from the base up. */
  readonly layers: readonly ArchivedLayer[];
}

/** The same of an archive that was rewritten. */
export interface RewrittenImage extends ArchivedImage {
  readonly layers: readonly RewrittenLayer[];
}

/**
 * Turns an image archive that anybody may have made into one that an engine can be given: `docker save` archives of the
 * old or the OCI layout, and such layouts without a manifest.json, plain or compressed with gzip, zstd or xz, become
 * regular files, the layers named in the order of arrival, and as the last of them a manifest with one image. Nothing
 * that the archive calls itself or links to is left, and the manifest comes only when the source has ended without an
 * error and everything in it has been verified: before that an engine has nothing to load. The archive of a root file
 * system is passed on as it is, unpacked, and its end mark comes last.
 *
 * @param source - the archive; read to its very end, so that a source that verifies itself can, and destroyed in any
 * case.
 * @returns the rewritten archive, which the caller must read or destroy, its form, known when it begins, and what it
 * holds. All fail with ImageUnacceptable when the archive is refused, with another NovaException when it is sound and
 * not for this host, and with the source's own error when that fails.
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
  const pieces = rewriter.rewrite(lentBytes(source));
  // Its form is known before anybody reads it.
  let first: Promise<IteratorResult<Buffer, void>> | undefined = pieces.next();
  first.catch(() => undefined);
  const archive = readableOf(
    {
      reusesBuffer: isLent(source),
      next: async () => {
        const step = first ?? pieces.next();
        first = undefined;
        return (await step).value ?? undefined;
      },
      close: () => {
        source.destroy();
        // A step that is under way ends with the source; whoever reads the archive is told of it.
        pieces.return().catch(() => undefined);
      },
    },
    { signal: options.signal, readAhead: archiveReadAhead },
  );
  // Told to whoever reads it. It may fail before that, and without a listener it would end the process.
  archive.on('error', () => undefined);
  archive.once('close', () => {
    const why = archive.errored ?? new Error('The archive was destroyed before its end');
    form.reject(why);
    image.reject(why);
  });
  return { archive, form: form.promise, image: image.promise };
}

/** The rewriting of one archive. */
class ArchiveRewriter {
  readonly form = new Outcome<ArchiveForm>();
  readonly image = new Outcome<RewrittenImage>();
  readonly #options: RewriteOptions;
  readonly #limits: ImageLimits;
  readonly #budget: ByteBudget;
  readonly #files = new ArchiveFiles();
  #heldBytes = 0;
  #zstdLayers = 0;
  #written = 0;

  constructor(options: RewriteOptions) {
    this.#options = options;
    this.#limits = { ...defaultImageLimits, ...options.limits };
    this.#budget = new ByteBudget(this.#limits.maxBytes);
  }

  async *rewrite(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
    const bytes = new ByteReader(unpackedArchive(chunks), this.#budget);
    const inherited = this.#options.rootFileSystem;
    try {
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
      // Whoever waits for the form does not read yet, and a pipeline ends only when somebody does.
      this.form.reject(failure);
      throw failure;
    } finally {
      await bytes.close();
    }
  }

  async *#rootFileSystem(
    bytes: ByteReader,
    config: ContainerConfiguration,
  ): AsyncGenerator<Buffer, void, void> {
    const { diffId, size } = yield* rootFileSystem(bytes);
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

  /** Passes on what can be a layer, keeps what can be metadata, and leaves out the rest. */
  async *#file(tar: TarReader, entry: TarEntry, path: string): AsyncGenerator<Buffer, void, void> {
    const head = await tar.read(blockSize);
    const type = contentType(head);
    if (isLayerType(type)) {
      if (this.#options.below?.holds?.(path) !== true) yield* this.#layer(tar, entry, path, head, type);
    } else if (type === 'json') this.#files.put(path, await this.#held(tar, entry, path, head));
    else {
      const blob = await digestOf(tar.content(), head);
      this.#files.put(path, { kind: 'useless', blob, because: uselessBecause(type) });
    }
  }

  async *#layer(
    tar: TarReader,
    { size }: TarEntry,
    path: string,
    head: Buffer,
    type: LayerType,
  ): AsyncGenerator<Buffer, void, void> {
    if (type === 'zstd') this.#countZstd();
    this.#written += 1;
    const newName = layerFileName(this.#options.reference, this.#written);
    const what = `holds ${shown(path)}, which`;
    const layer = { name: newName, size, type, what, head, rest: tar.content() };
    this.#options.onLayer?.(layerName(path));
    const digests = yield* writeLayer(layer, this.#budget);
    this.#options.onLayer?.(undefined);
    // Said of a layer that is sound otherwise: what is not, no host takes.
    if (type === 'zstd' && this.#options.takesZstdLayers === false)
      throw new NotForThisHost(
        `holds the layer ${shown(path)}, which is compressed with zstd: this engine cannot unpack that, Docker 23.0 and later can`,
      );
    this.#files.put(path, { kind: 'layer', newName, size, type, ...digests });
  }

  /** Each costs a thread, so an archive may hold no more of them than an image could need. */
  #countZstd(): void {
    const { maxLayers } = this.#limits;
    this.#zstdLayers += 1;
    if (this.#zstdLayers > maxLayers)
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

  /** Everything has arrived: verifies it, and writes what makes an image of the files that were passed on. */
  async *#metadata(): AsyncGenerator<Buffer, void, void> {
    const { reference, rewriteConfiguration, architecture, below, mustTakeLayers } = this.#options;
    const layersBelow = below?.layers ?? [];
    const verified = verifiedImage(this.#files, this.#limits, architecture, layersBelow);
    const { configuration, content } =
      rewriteConfiguration === undefined
        ? { configuration: verified.configuration, content: verified.configurationBytes }
        : rewritten(rewriteConfiguration(verified.configuration), verified.configurationBytes);
    const layers = verified.layers.map(({ newName: name, type, size, diffId }) => ({
      name,
      type,
      size,
      diffId,
    }));
    await mustTakeLayers?.(layersBelow.length + layers.length);
    const id = yield* writeMetadata({
      configuration: content,
      reference,
      below: layersBelow.length,
      above: layers.map(({ name }) => name),
    });
    this.image.resolve({ id, configuration, layers });
  }
}

/** Nova tries no other host for an image that is unacceptable. */
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

/** How many files of the largest size allowed may be held in memory. */
const heldFiles = 4;

/**
 * Archives hold JSON of many kinds, some of it large: only what has one of these can be a configuration, or lead to
 * one.
 */
const metadataFields = ['"rootfs"', '"manifests"', '"layers"', '"Config"'];

/** @returns the digest of bytes, in hexadecimal. */
async function digestOf(content: AsyncIterable<Buffer>, head?: Buffer): Promise<string> {
  const hash = createHash('sha256');
  if (head !== undefined) hash.update(head);
  for await (const piece of content) hash.update(piece);
  return hash.digest('hex');
}
