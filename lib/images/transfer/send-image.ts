import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Logger, LongRunningOptions } from '../../../interfaces/index.js';
import { MigrationError } from '../../../interfaces/index.js';
import type { Engine, ImageId, ImageInspect, ImageReference, LoadedLayer } from '../../engine/index.js';
import { mayHaveBeenDone, repositoryName, tagName } from '../../engine/index.js';
import { repository } from '../../common/index.js';
import { archiveReadAhead, destroyOnAbort, gathered } from '../../streams/index.js';
import {
  ArchiveRefused,
  fileHeader,
  layerFileName,
  paddingAfter,
  writeMetadata,
} from '../../archives/index.js';
import { LoadingProgress, Meter } from '../../progress/index.js';
import { discardImage, temporaryName } from '../references/index.js';
import { configurationAbove } from './configuration-above.js';
import type { MeasuredLayer } from './measured-layer.js';

/** Where an instance's files are to become an image. */
export interface ImageDestination extends LongRunningOptions {
  readonly destination: Engine;
  /** The instance, whose image it becomes. */
  readonly uuid: string;
  /** Bytes of the image that the instance was booted from, see `bootedBytes`. */
  readonly bootedBytes: number;
  /** Bytes that the instance's files may have. */
  readonly limit: number;
  /** The compute host that does this: what a crash leaves has its mark. */
  readonly host: string;
  readonly logger: Logger;
}

/**
 * Sends a layer as an image, see `instanceReference`, that has the same to say to its containers as another one. When
 * it fails, the destination has what it had before.
 *
 * @param image - the other one.
 * @returns the image's id at the destination.
 * @throws ArchiveRefused when the layer is not as it was measured; MigrationError when the engine makes something else
 * of it; what the engine fails with; the signal's reason when that aborts.
 */
export async function sendImage(
  { destination, uuid, bootedBytes, host, logger, signal, onProgress }: ImageDestination,
  image: ImageInspect,
  layer: MeasuredLayer,
): Promise<ImageId> {
  const temporary = temporaryName(repository.loading, host);
  const layers = [...layer.below, layer.diffId];
  const archive = Readable.from(gathered(imageArchive(image, layer, temporary.reference, bootedBytes)), {
    objectMode: false,
    highWaterMark: archiveReadAhead,
  });
  destroyOnAbort(archive, signal);
  let answerLost = false;
  try {
    signal?.throwIfAborted();
    // The signal ends the archive, not the call: once the engine has all of it, it goes on without its client, and
    // undoing would find nothing yet.
    const meter = new Meter(onProgress, 'transferring', layer.size);
    const onBytes = (bytes: number): void => meter.reach(Math.min(bytes, layer.size), layer.diffId);
    const loading = new LoadingProgress(onProgress);
    loading.expect([layer]);
    archive.once('end', () => {
      meter.end();
      loading.begin();
    });
    const onLayer = (unpacked: LoadedLayer): void => loading.layer(unpacked);
    await destination.images.load(archive, { onProgress: onBytes, onLayer }).catch((error: unknown) => {
      answerLost = mayHaveBeenDone(error);
      throw error;
    });
    loading.end();
    signal?.throwIfAborted();
    const loaded = await destination.images.inspect(temporary.reference, { signal });
    if (!isDeepStrictEqual(loaded.RootFS.Layers, layers))
      throw new MigrationError(
        `The engine made another image of the files of instance ${uuid} than was sent`,
      );
    const name = { repo: repositoryName(repository.instance), tag: tagName(uuid) };
    await destination.images.tag(temporary.reference, name);
    logger.info('transferred a file system', {
      instance: uuid,
      bytes: layer.size,
      layersBelow: layer.below.length,
    });
    return loaded.Id;
  } finally {
    // Before its end an archive has no manifest, and the engine nothing to make an image of.
    if (archive.readableEnded) await discardImage(destination, temporary, answerLost, logger);
    archive.destroy();
  }
}

/**
 * An archive of an image as `docker load` takes it, without the layers that the engine has; the manifest comes last,
 * when all else was right.
 */
async function* imageArchive(
  image: ImageInspect,
  { content, size, diffId, below }: MeasuredLayer,
  reference: ImageReference,
  bootedBytes: number,
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
  yield* writeMetadata({ configuration, reference, below: below.length, above: [name] });
}
