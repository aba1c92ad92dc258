import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import {
  type Logger,
  type RequestContext,
  ImageNotFound,
  NovaException,
  ImageNotActive,
  ImageUnacceptable,
} from '../../interfaces/index.js';
import {
  configurationForEngine,
  rewriteArchive,
  type ArchivedImage,
  type ImageLimits,
} from '../archives/index.js';
import { repository } from '../common/index.js';
import {
  isAtLeast,
  isUnreachable,
  mayHaveBeenDone,
  type Engine,
  type ImageReference,
  type LoadedLayer,
  type ImageInspect,
  EngineError,
} from '../engine/index.js';
import type { ImageData, ShownImage } from '../image-services/index.js';
import { followingLayers, LoadingProgress } from '../progress/index.js';
import { inheritedConfiguration } from './inherited-configuration.js';
import {
  baseMustBeSame,
  baseOf,
  imageInParts,
  layersOf,
  type BaseImage,
  type LayersInEngine,
} from './layers/index.js';
import { discardImage, temporaryName, type TemporaryName } from './references/index.js';
import type { FlightControls } from './single-flight.js';

/** The API version from which on engines (Docker 23.0) unpack layers that are compressed with zstd. */
const firstWithZstd = '1.42';

/** An image that is to be brought into an engine. */
interface ImageLoad extends FlightControls {
  readonly engine: Engine;
  /** The compute host, for the image's temporary name. */
  readonly host: string;
  readonly limits: ImageLimits;
  /** What the engine has of other images. */
  readonly layers: LayersInEngine;
  /** On whose behalf, and the image as they were shown it. */
  readonly context: RequestContext;
  readonly record: ShownImage;
  readonly data: ImageData;
  /** Gives it its lasting name: the engine has all of it by then, and it is what it must be. */
  readonly name: (image: ImageReference) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Brings one image into an engine: under a temporary name, then it is checked, then it is named. In parts where the
 * engine has some of its layers and it may be given them, else as a whole. When it fails, the engine has what it had
 * before.
 *
 * @returns whether it came in parts.
 * @throws ImageUnacceptable, which says what is wrong with the image; NovaException when it is for other hosts; what the
 * data, the engine or `name` fail with; the signal's reason when that aborts.
 */
export async function loadImage(image: ImageLoad): Promise<boolean> {
  if (baseOf(image.record) === undefined && (await loadInParts(image))) return true;
  await loadWhole(image);
  return false;
}

/** @returns false when it must be loaded as a whole; the engine then has what it had before. */
async function loadInParts(image: ImageLoad): Promise<boolean> {
  const { host, record, logger, signal } = image;
  const temporary = temporaryName(repository.loading, host);
  const parts = await imageInParts({ ...image, reference: temporary.reference });
  if (parts === undefined) return false;
  try {
    await give(image, temporary, parts, (onLayer) => image.engine.images.load(parts.archive, { onLayer }));
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isUnreachable(error)) throw error;
    // The index may be wrong, or layers may have gone from the engine meanwhile: what is wrong with the image itself,
    // the whole of it tells.
    logger.info('an image is fetched as a whole: it could not be loaded in parts', {
      image_id: record.id,
      error,
    });
    return false;
  }
}

async function loadWhole(image: ImageLoad): Promise<void> {
  const { engine, host, limits, record, data, signal, onProgress } = image;
  const base = baseOf(record);
  const below = base === undefined ? undefined : await layersBelow(image, base);
  const temporary = temporaryName(repository.loading, host);
  const { apiVersion, architecture } = await engine.negotiate({ signal });
  const followed = followingLayers(onProgress);
  const rewritten = rewriteArchive(await data.download({ signal, onProgress: followed.onProgress }), {
    subject: `Image ${record.id}`,
    reference: temporary.reference,
    limits,
    signal,
    onLayer: followed.onLayer,
    architecture,
    takesZstdLayers: isAtLeast(apiVersion, firstWithZstd),
    mustTakeLayers: (count) => mustTakeLayers(image, count),
    rewriteConfiguration: configurationForEngine,
    ...(below === undefined
      ? { rootFileSystem: () => inheritedConfiguration(record) }
      : { below: { layers: below } }),
  });
  await give(image, temporary, rewritten, async (onLayer) => {
    if ((await rewritten.form) === 'image') await engine.images.load(rewritten.archive, { onLayer });
    else
      await engine.images.importFiles(rewritten.archive, {
        ...temporary,
        changes: inheritedConfiguration(record),
      });
  });
}

/** Layers that an engine with a classic image store stacks at most; containerd's store has no such bound. */
const mostInClassicStore = 125;

/** @throws NovaException when the engine cannot stack so many layers; others may. */
async function mustTakeLayers({ layers, record, signal }: ImageLoad, count: number): Promise<void> {
  if (count <= mostInClassicStore || (await layers.isContainerdStore(signal))) return;
  throw new NovaException(
    `Image ${record.id} has ${count} layers: this host's engine stacks ${mostInClassicStore}, one with containerd's image store takes more`,
  );
}

async function layersBelow(
  { engine, record, signal }: ImageLoad,
  base: BaseImage,
): Promise<readonly string[]> {
  const layers = await layersOf(engine, base.image_id, signal);
  if (layers === undefined)
    throw new ImageNotFound(`Image ${base.image_id}, which ${record.id} lies above, is not in the engine`);
  baseMustBeSame(record.id, base, layers);
  return layers;
}

/** All of an image or some of it, on its way into the engine. */
interface ArchiveToLoad {
  readonly archive: Readable;
  /** What it turns out to hold. */
  readonly image: Promise<ArchivedImage>;
}

/**
 * @param send - has the engine make an image of the archive, under the temporary name, and is to tell how far it is
 * with each layer.
 */
async function give(
  { engine, record, name, logger, signal, onProgress }: ImageLoad,
  temporary: TemporaryName,
  { archive, image }: ArchiveToLoad,
  send: (onLayer: (layer: LoadedLayer) => void) => Promise<unknown>,
): Promise<void> {
  const loading = new LoadingProgress(onProgress);
  archive.once('end', () => loading.begin());
  // What it fails with is told below.
  image.then(
    ({ layers }) => loading.expect(layers),
    () => undefined,
  );
  // Its promises tell what it fails with. It may fail before anybody reads it, and without a listener that would end
  // the process.
  archive.on('error', () => undefined);
  let answerLost = false;
  try {
    // The signal ends the archive, not the call: once the engine has all of it, it goes on without its client, and
    // undoing would find nothing yet.
    await send((layer) => loading.layer(layer)).catch((error: unknown) => {
      answerLost = mayHaveBeenDone(error);
      throw refusedByEngine(record.id, error);
    });
    loading.end();
    signal.throwIfAborted();
    mustBeLoaded(record.id, await image, await engine.images.inspect(temporary.reference, { signal }));
    await name(temporary.reference);
  } finally {
    // Before its end an archive has no manifest, or no end mark, and the engine nothing to make an image of.
    if (archive.readableEnded) await discardImage(engine, temporary, answerLost, logger);
    archive.destroy();
  }
}

/** @throws ImageNotActive, ImageUnacceptable when there is no use in fetching it. */
export function mustBeBootable(
  { id, status, container_format, size }: ShownImage,
  { maxBytes }: ImageLimits,
): void {
  if (status !== 'active') throw new ImageNotActive(`Image ${id} is ${status}, not active`);
  if (container_format !== 'docker')
    throw new ImageUnacceptable(
      `Image ${id} has the container format ${String(container_format)}: only docker can be booted`,
    );
  if (size !== null && size > maxBytes)
    throw new ImageUnacceptable(`Image ${id} has ${size} bytes: ${maxBytes} are allowed`);
}

/**
 * Checks that what the engine says it loaded is what the archive held.
 *
 * @throws ImageUnacceptable when it is not.
 */
export function mustBeLoaded(
  image_id: string,
  expected: Pick<ArchivedImage, 'id' | 'configuration'>,
  loaded: ImageInspect,
): void {
  const differs = (what: string): ImageUnacceptable =>
    new ImageUnacceptable(`Image ${image_id} is not what the engine made of it: the ${what} differs`);
  if (!isDeepStrictEqual(loaded.RootFS.Layers, expected.configuration.rootfs.diff_ids))
    throw differs('list of layers');
  // Classic stores name an image by its configuration's digest, so that nothing is left to compare; the containerd
  // store by its manifest's.
  if (loaded.Id === expected.id) return;
  const config = expected.configuration.config ?? {};
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['user', config.User, loaded.Config?.User],
    ['environment', config.Env, loaded.Config?.Env],
    ['entry point', config.Entrypoint, loaded.Config?.Entrypoint],
    ['command', config.Cmd, loaded.Config?.Cmd],
    ['working directory', config.WorkingDir, loaded.Config?.WorkingDir],
    ['labels', config.Labels, loaded.Config?.Labels],
    ['volumes', config.Volumes, loaded.Config?.Volumes],
    ['stop signal', config.StopSignal, loaded.Config?.StopSignal],
  ];
  for (const [what, ours, theirs] of pairs) {
    if (!isDeepStrictEqual(plain(ours), plain(theirs))) throw differs(what);
  }
}

/** Engines leave out what is empty, or write it as null; a command of one word may stand alone. */
function plain(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string') return [value];
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined;
  return value;
}

/**
 * What engines say of an archive that none of them could load (20.10, 28.5 and 28.5 with the containerd store, each
 * tried). Their words for what a host lacks are without number, and some ("invalid argument", "file name too long",
 * "operation not supported") depend on its file system.
 */
const faults = [
  /invalid tar header/,
  /unexpected EOF/,
  /unhandled tar header type/,
  /duplicates of file paths not supported/,
  /invalid (entry name|hardlink target|whiteout entry|diffID)/,
  // Of the configuration: all else that is JSON we have written.
  /^json: cannot unmarshal /,
  /^invalid character .* exceeded max depth/,
  /path escapes from parent/,
  /too many levels of symbolic links/,
  // "too many links" alone is also what a file system says that can give a file no further name.
  /failed to get root path: too many links/,
  /^(Error processing tar file\(exit status 1\): |apply layer error for .*: )?link(at)? .*: no such file or directory/,
];

/**
 * Tells an archive that is at fault from an engine that is. Nova tries no other host for an image that is unacceptable,
 * so what is not known for certain is the engine's fault.
 *
 * @returns ImageUnacceptable in place of the engine's error when it is about the archive, else the error as it is.
 */
export function refusedByEngine(image_id: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage } = error;
  if (!faults.some((fault) => fault.test(engineMessage))) return error;
  return new ImageUnacceptable(`Image ${image_id} is refused by the engine: ${engineMessage}`, {
    cause: error,
  });
}
