import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Logger, LongRunningOptions } from '../../../interfaces/index.js';
import { MigrationError } from '../../../interfaces/index.js';
import type { Engine, ImageId, ImageInspect, ImageReference, LoadedLayer } from '../../engine/index.js';
import { mayHaveBeenDone, repositoryName, tagName } from '../../engine/index.js';
import { repository } from '../../labels.js';
import { asError } from '../../streams/index.js';
import { ArchiveRefused, blockSize, fileHeader, paddingAfter } from '../archive/index.js';
import { LoadingProgress, Meter } from '../progress/index.js';
import { discardImage, temporaryName } from '../temporary-image.js';
import { configurationAbove } from './configuration-above.js';

/** Where an instance's files are to become an image. */
export interface ImageDestination extends LongRunningOptions {
  readonly destination: Engine;
  /** The instance, whose image it becomes. */
  readonly uuid: string;
  /** The compute host that does this: what a crash leaves has its mark. */
  readonly host: string;
  readonly logger: Logger;
}

/** A layer that was read once, to know what must be said before it is sent. */
export interface MeasuredLayer {
  /** Reads it again: a tar archive, the same bytes each time. */
  readonly content: () => AsyncGenerator<Buffer, void, void>;
  readonly size: number;
  readonly diffId: string;
  /** The layers that it lies upon, which the destination has. */
  readonly below: readonly string[];
}

const readAhead = 1024 * 1024;

/**
 * Sends a layer as an image, see `instanceReference`, that has the same to say to its containers as another one. When it fails, the destination has what it had before.
 *
 * @param image - the other one.
 * @returns the image's id at the destination.
 * @throws ArchiveRefused when the layer is not as it was measured; MigrationError when the engine makes something else of it; what the engine fails with; the signal's reason
 * when that aborts.
 */
export async function sendImage(
  { destination, uuid, host, logger, signal, onProgress }: ImageDestination,
  image: ImageInspect,
  layer: MeasuredLayer,
): Promise<ImageId> {
  const temporary = temporaryName(repository.loading, host);
  const layers = [...layer.below, layer.diffId];
  const archive = Readable.from(imageArchive(image, layer, temporary.reference), {
    objectMode: false,
    highWaterMark: readAhead,
  });
  const onAbort = (): void => void archive.destroy(asError(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  let answerLost = false;
  try {
    signal?.throwIfAborted();
    // The signal ends the archive, not the call: once the engine has all of it, it goes on without its client, and undoing would find nothing yet.
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
    const name = { repo: repositoryName(repository.instance), tag: tagName(uuid.toLowerCase()) };
    await destination.images.tag(temporary.reference, name);
    logger.info('transferred a file system', {
      instance: uuid,
      bytes: layer.size,
      layersBelow: layer.below.length,
    });
    return loaded.Id;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // Before its end an archive has no manifest, and the engine nothing to make an image of.
    if (archive.readableEnded) await discardImage(destination, temporary, answerLost, logger);
    archive.destroy();
  }
}

/** An archive of an image as `docker load` takes it, without the layers that the engine has; the manifest comes last, when all else was right. */
async function* imageArchive(
  image: ImageInspect,
  { content, size, diffId, below }: MeasuredLayer,
  reference: ImageReference,
): AsyncGenerator<Buffer, void, void> {
  const digest = createHash('sha256');
  yield fileHeader('layer', size);
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
  yield* wholeFile('configuration', configurationAbove(image, [...below, diffId]));
  const names = below.map((_layer, index) => `below-${index}`);
  const manifest = { Config: 'configuration', RepoTags: [reference], Layers: [...names, 'layer'] };
  yield* wholeFile('manifest.json', [manifest]);
  yield Buffer.alloc(2 * blockSize);
}

function* wholeFile(name: string, json: object): Generator<Buffer, void, void> {
  const content = Buffer.from(JSON.stringify(json));
  yield fileHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingAfter(content.length));
}
