import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Logger, LongRunningOptions } from '../../../interfaces/index.js';
import { MigrationError } from '../../../interfaces/index.js';
import type { Engine, ImageId, ImageInspect, ImageReference, LoadedLayer } from '../../engine/index.js';
import { mayHaveSucceeded, repositoryName, tagName } from '../../engine/index.js';
import { repository } from '../../common/index.js';
import { archiveReadAhead, destroyOnAbort, gathered } from '../../streams/index.js';
import {
  ArchiveRefused,
  fileHeader,
  layerFileName,
  paddingAfter,
  storedLayer,
  type StoredLayer,
  writeMetadata,
} from '../../archives/index.js';
import { LoadingProgress, Meter } from '../../progress/index.js';
import { validateLayersKept, type LayersOfImage } from '../layers/index.js';
import { discardImage, temporaryName } from '../references/index.js';
import { configurationAbove } from './configuration-above.js';
import type { MeasuredLayer } from './measured-layer.js';

/** The engine where an instance's files will become an image. */
export interface ImageDestination extends LongRunningOptions {
  readonly destination: Engine;
  /** Uuid of the instance that owns the image. */
  readonly uuid: string;
  /** Size in bytes of the image that the instance was booted from, see `bootedBytes`. */
  readonly bootedBytes: number;
  /** Maximum size of the instance's files in bytes. */
  readonly maxBytes: number;
  /** Name of the compute host, part of the temporary name, so that the host can clean up after a crash. */
  readonly host: string;
  readonly logger: Logger;
}

/**
 * Sends a layer as the instance's image, see `instanceReference`. On failure the destination holds the same images as
 * before.
 *
 * @param image - supplies the configuration of the new image's containers.
 * @param base - the destination's image whose layers the archive omits; undefined when it omits none.
 * @returns the image's id at the destination.
 * @throws ArchiveRefused when the layer has changed since it was measured.
 * @throws LayersLost when the destination has lost the base meanwhile.
 * @throws MigrationError when the engine's image has other layers than were sent.
 * @throws the engine's error, or the signal's reason when the signal aborts.
 */
export async function sendImage(
  { destination, uuid, bootedBytes, host, logger, signal, onProgress }: ImageDestination,
  image: ImageInspect,
  layer: MeasuredLayer,
  base?: LayersOfImage,
): Promise<ImageId> {
  const temporary = temporaryName(repository.loading, host);
  const layers = [...layer.below, layer.diffId];
  const pieces = imageArchive(image, layer, {
    reference: temporary.reference,
    bootedBytes,
    stored: base?.stored,
  });
  const archive = Readable.from(gathered(pieces), { objectMode: false, highWaterMark: archiveReadAhead });
  destroyOnAbort(archive, signal);
  let answerLost = false;
  try {
    signal?.throwIfAborted();
    // The signal aborts the archive, not the request: an engine that has the whole archive finishes loading without its
    // client, and a rollback would find nothing to remove yet.
    const meter = new Meter(onProgress, 'transferring', layer.size);
    const onBytes = (bytes: number): void => meter.reach(Math.min(bytes, layer.size), layer.diffId);
    using loading = new LoadingProgress(onProgress);
    loading.expect([layer]);
    archive.once('end', () => {
      meter.end();
      loading.begin();
    });
    const onLayer = (unpacked: LoadedLayer): void => loading.layer(unpacked);
    await destination.images.load(archive, { onProgress: onBytes, onLayer }).catch((error: unknown) => {
      answerLost = mayHaveSucceeded(error);
      throw error;
    });
    loading.end();
    signal?.throwIfAborted();
    const loaded = await destination.images.inspect(temporary.reference, { signal });
    if (!isDeepStrictEqual(loaded.RootFS.Layers, layers))
      throw new MigrationError(
        `The engine loaded another image of the files of instance ${uuid} than the driver sent`,
      );
    if (base?.stored !== undefined) await validateLayersKept(destination, base, signal);
    const name = { repo: repositoryName(repository.instance), tag: tagName(uuid) };
    await destination.images.tag(temporary.reference, name);
    logger.info('transferred a file system', {
      instance: uuid,
      bytes: layer.size,
      layersBelow: layer.below.length,
    });
    return loaded.Id;
  } finally {
    // An archive without its end has no manifest, so the engine cannot have made an image of it.
    if (archive.readableEnded) await discardImage(destination, temporary, answerLost, logger);
    archive.destroy();
  }
}

interface ImageArchive {
  readonly reference: ImageReference;
  readonly bootedBytes: number;
  /** The files of the layers below in containerd's store; undefined for a classic store. */
  readonly stored: readonly StoredLayer[] | undefined;
}

/**
 * Generates an archive for `docker load` without the layers that the engine has. The manifest comes last, so that a
 * failure leaves the archive without one.
 */
async function* imageArchive(
  image: ImageInspect,
  { content, size, diffId, below }: MeasuredLayer,
  { reference, bootedBytes, stored }: ImageArchive,
): AsyncGenerator<Buffer, void, void> {
  const digest = createHash('sha256');
  const name = layerFileName(reference, 1);
  yield fileHeader(name, size);
  let sent = 0;
  for await (const chunk of content()) {
    digest.update(chunk);
    sent += chunk.length;
    if (sent > size) break;
    yield chunk;
  }
  if (sent !== size || `sha256:${digest.digest('hex')}` !== diffId)
    throw new ArchiveRefused('has changed while it was sent');
  yield Buffer.alloc(paddingAfter(size));
  const configuration = Buffer.from(
    JSON.stringify(configurationAbove(image, [...below, diffId], bootedBytes)),
  );
  yield* writeMetadata({
    layout: stored === undefined ? 'docker' : 'oci',
    configuration,
    reference,
    below: below.length,
    stored,
    above: [{ name, file: storedLayer({ blob: diffId.replace(/^sha256:/, ''), size, type: 'tar' }) }],
  });
}
