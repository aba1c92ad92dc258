import type { Readable } from 'node:stream';
import {
  type Logger,
  type RequestContext,
  ImageNotFound,
  ImageNotActive,
  ImageUnacceptable,
  NovaException,
} from '../../interfaces/index.js';
import {
  configurationForEngine,
  rewriteArchive,
  type ArchivedImage,
  type ImageLimits,
} from '../archives/index.js';
import { repository } from '../common/index.js';
import {
  isUnreachable,
  mayHaveSucceeded,
  repositoryName,
  tagName,
  type Engine,
  type ImageReference,
  EngineError,
  engineWords,
} from '../engine/index.js';
import type { ImageData, ShownImage } from '../image-services/index.js';
import { followingLayers, LoadingProgress } from '../progress/index.js';
import { inheritedConfiguration } from './inherited-configuration.js';
import {
  validateBaseLayers,
  validateLayersKept,
  baseOf,
  imageInParts,
  layersOf,
  type BaseImage,
  type LayersOfImage,
  type LayersInEngine,
} from './layers/index.js';
import {
  bootReference,
  discardImage,
  type ImageHolds,
  temporaryName,
  type TemporaryName,
} from './references/index.js';
import { validateLoadedImage } from './validate-loaded-image.js';
import { validateLayerCompression, validateLayerCount } from './validate-layers.js';
import type { FlightControls } from './single-flight.js';

/** An image to load into an engine. */
interface ImageLoad extends FlightControls {
  readonly engine: Engine;
  /** Name of the compute host, part of the temporary name. */
  readonly host: string;
  readonly limits: ImageLimits;
  /** Layers of other images that the engine has. */
  readonly layers: LayersInEngine;
  /** The requester's context, and the image's record as the image service showed it to the requester. */
  readonly context: RequestContext;
  readonly record: ShownImage;
  readonly data: ImageData;
  /** The reference counts of images; they record that the engine got this one. */
  readonly holds: ImageHolds;
  readonly logger: Logger;
}

/**
 * Loads one image into an engine: loads it under a temporary name, verifies it, then names it. If the engine has some
 * of the layers and the requester has a right to them, only the others are fetched. Otherwise, and for a delta, the
 * whole archive is fetched. On failure the engine holds the same images as before.
 *
 * @returns whether the image was loaded in parts.
 * @throws ImageUnacceptable when the image is invalid; the message says why.
 * @throws NovaException when this host's engine cannot take the image but another host's may.
 * @throws the error of the data source or the engine, or the signal's reason when the signal aborts.
 */
export async function loadImage(image: ImageLoad): Promise<boolean> {
  if (baseOf(image.record) === undefined && (await loadInParts(image))) return true;
  await loadWhole(image);
  return false;
}

/** @returns false when the image must be loaded as a whole; the engine then holds the same images as before. */
async function loadInParts(image: ImageLoad): Promise<boolean> {
  const { host, record, logger, signal } = image;
  const temporary = temporaryName(repository.loading, host);
  const parts = await imageInParts({ ...image, reference: temporary.reference });
  if (parts === undefined) return false;
  try {
    await sendAndVerify(image, temporary, parts);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isUnreachable(error)) throw error;
    // The index may be wrong, or the engine may have lost layers since. Loading the whole image reports any fault of
    // the image itself.
    logger.info('fetching an image as a whole: it could not be loaded in parts', {
      image_id: record.id,
      error,
    });
    return false;
  }
}

async function loadWhole(image: ImageLoad): Promise<void> {
  const { engine, host, limits, record, data, signal, onProgress } = image;
  const base = baseOf(record);
  const isOci = await image.layers.areStoredLayersShown(signal);
  const below = base === undefined ? undefined : await layersBelow(image, base, isOci);
  const temporary = temporaryName(repository.loading, host);
  const { apiVersion, architecture } = await engine.negotiate({ signal });
  const followed = followingLayers(onProgress);
  const rewritten = rewriteArchive(await data.download({ signal, onProgress: followed.onProgress }), {
    subject: `Image ${record.id}`,
    reference: temporary.reference,
    layout: isOci ? 'oci' : 'docker',
    limits,
    signal,
    onLayer: followed.onLayer,
    architecture,
    validateLayerCompression: (compression) => validateLayerCompression(image, compression, apiVersion),
    validateLayerCount: (count) => validateLayerCount(image, count),
    rewriteConfiguration: configurationForEngine,
    ...(below === undefined
      ? { rootFileSystem: () => inheritedConfiguration(record) }
      : { below: { layers: below.diffIds, stored: below.stored } }),
  });
  await sendAndVerify(image, temporary, {
    ...rewritten,
    sharesFilesOf: below?.stored === undefined ? undefined : below,
  });
}

/** @param isOci - whether containerd's store will take the image, and needs to be told which files it has. */
async function layersBelow(
  { engine, record, signal }: ImageLoad,
  base: BaseImage,
  isOci: boolean,
): Promise<LayersOfImage> {
  const layers = await layersOf(engine, base.image_id, signal);
  if (layers === undefined)
    throw new ImageNotFound(`Image ${base.image_id}, the base of image ${record.id}, is not in the engine`);
  validateBaseLayers(record.id, base, layers.diffIds);
  if (isOci && layers.stored === undefined)
    throw new NovaException(
      `Image ${record.id} is a delta of image ${base.image_id}, and this host's engine does not show how it stores that image: save snapshots of its instances in full, or remove image ${base.image_id} from the engine if an earlier version of the driver loaded it`,
    );
  return layers;
}

/** An archive of an image, with all or some of its layers. */
interface ArchiveToLoad {
  readonly archive: Readable;
  /** Resolves before the archive is read. Default: an image. */
  readonly form?: Promise<'image' | 'root file system'>;
  /** What the archive held; resolves after the archive has been read. */
  readonly image: Promise<ArchivedImage>;
  /**
   * The image in containerd's store that must still have the omitted layers afterwards; undefined when there is none.
   */
  readonly sharesFilesOf: Pick<LayersOfImage, 'reference' | 'engineId'> | undefined;
}

/**
 * Sends the archive under a temporary name, verifies the image that the engine made of it, and gives it its lasting
 * name.
 */
async function sendAndVerify(
  load: ImageLoad,
  temporary: TemporaryName,
  rewritten: ArchiveToLoad,
): Promise<void> {
  const { engine, record, logger, signal, onProgress } = load;
  const { archive, image, sharesFilesOf } = rewritten;
  using loading = new LoadingProgress(onProgress);
  archive.once('end', () => loading.begin());
  // The failure is reported below.
  image.then(
    ({ layers }) => loading.expect(layers),
    () => undefined,
  );
  // `image` and the request report failures. The stream may fail before anything reads it, and an unhandled error event
  // would end the process.
  archive.on('error', () => undefined);
  let answerLost = false;
  try {
    // The signal aborts the archive, not the request: an engine that has the whole archive finishes loading without its
    // client, and a rollback would find nothing to remove yet.
    try {
      await send(load, temporary, rewritten, loading);
    } catch (error) {
      answerLost = mayHaveSucceeded(error);
      throw loadError(record.id, error);
    }
    loading.end();
    signal.throwIfAborted();
    validateLoadedImage(record.id, await image, await engine.images.inspect(temporary.reference, { signal }));
    if (sharesFilesOf !== undefined) await validateLayersKept(engine, sharesFilesOf, signal);
    await nameImage(load, temporary.reference);
  } finally {
    // An archive without its end has no manifest or no end mark, so the engine cannot have made an image of it.
    if (archive.readableEnded) await discardImage(engine, temporary, answerLost, logger);
    archive.destroy();
  }
}

/** Makes the engine create an image of the archive, under the temporary name. */
async function send(
  { engine, record }: ImageLoad,
  temporary: TemporaryName,
  { archive, form }: ArchiveToLoad,
  loading: LoadingProgress,
): Promise<void> {
  if ((await form) === 'root file system')
    await engine.images.importFiles(archive, { ...temporary, changes: inheritedConfiguration(record) });
  else await engine.images.load(archive, { onLayer: (layer) => loading.layer(layer) });
}

/**
 * Tags an image with its boot reference. Ignores the signal: the last hold removes the image if it is no longer
 * wanted.
 */
async function nameImage({ engine, holds, record }: ImageLoad, image: ImageReference): Promise<void> {
  const reference = bootReference(record.id);
  try {
    await engine.images.tag(image, { repo: repositoryName(repository.image), tag: tagName(record.id) });
    holds.markLoaded(reference, 'yes');
  } catch (error) {
    if (mayHaveSucceeded(error)) holds.markLoaded(reference, 'perhaps');
    throw error;
  }
}

/** @throws ImageNotActive or ImageUnacceptable when the record shows that the image cannot boot. */
export function validateBootable(
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
 * Tells a faulty archive from a failing engine. Nova does not retry an unacceptable image on another host, so an
 * unknown message counts as the engine's fault.
 *
 * @returns ImageUnacceptable when the engine's error is about the archive, else the error unchanged.
 */
export function loadError(image_id: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage } = error;
  if (!engineWords.faultyArchive.test(engineMessage)) return error;
  return new ImageUnacceptable(`The engine refused image ${image_id}: ${engineMessage}`, {
    cause: error,
  });
}
