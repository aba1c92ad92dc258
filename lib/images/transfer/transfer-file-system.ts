import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Logger, LongRunningOptions } from '../../../interfaces/index.js';
import { MigrationError } from '../../../interfaces/index.js';
import type {
  ContainerInspect,
  Engine,
  ImageId,
  ImageInspect,
  ImageRef,
  ImageReference,
} from '../../engine/index.js';
import { EngineError, EngineProtocolError, isNotFound, repositoryName, tagName } from '../../engine/index.js';
import { repository } from '../../labels.js';
import { asError } from '../../streams/index.js';
import { ArchiveRefused, blockSize, fileHeader, paddingAfter, plainPath } from '../archive/index.js';
import { answerWasLost, discardImage, temporaryName } from '../temporary-image.js';
import { configurationAbove } from './configuration-above.js';
import { LayerContent, type LayerSource } from './layer-content.js';
import { folderOf, isBeneath, SelectedFiles } from './selected-files.js';

/** A container's file system, and where it is to go. */
export interface FileSystemTransfer extends LongRunningOptions {
  readonly source: Engine;
  readonly destination: Engine;
  /** The container, which must not run. */
  readonly container: ContainerInspect;
  /** Its instance, whose image it becomes. */
  readonly uuid: string;
  /** The name that the container's image may have at the destination, too. */
  readonly boot: ImageReference | undefined;
  /** The compute host that does this: what a crash leaves has its mark. */
  readonly host: string;
  readonly logger: Logger;
}

/** A layer that was read once, to know what must be said before it is sent. */
interface MeasuredLayer {
  readonly source: LayerSource;
  readonly size: number;
  readonly diffId: string;
  /** The layers that it lies upon, which the destination has. */
  readonly below: readonly string[];
}

/** Layers that engines can stack are some 125; a container that has come far in small steps goes as a whole before that. */
const mostLayers = 100;
const readAhead = 1024 * 1024;

/**
 * Makes an image at the destination of all that is in a container, see `instanceReference`. Where the destination has the container's image, only what differs
 * from it travels. The container's files are read twice, to be measured and to be sent, rather than put down anywhere in between. When it fails, the destination
 * has what it had before.
 *
 * @returns the image's id at the destination.
 * @throws MigrationError when the files cannot be told, or change meanwhile; what the engines fail with; the signal's reason when that aborts.
 */
export async function transferFileSystem(transfer: FileSystemTransfer): Promise<ImageId> {
  const { source, container, logger, signal } = transfer;
  const image = await source.images.inspect(container.Image, { signal });
  try {
    if (await hasBase(transfer, image)) {
      const changed = await changedFiles(transfer);
      if (changed !== undefined) {
        const layer = await measured(transfer, changed, image.RootFS.Layers);
        try {
          return await send(transfer, image, layer);
        } catch (error) {
          if (!lacksLayers(error)) throw error;
          // It was removed meanwhile; or the engine's containerd store holds it unpacked, and not the layers as they came.
          logger.warn('the destination cannot build upon its image: sending the whole file system', {
            error,
          });
        }
      }
    }
    return await send(transfer, image, await measured(transfer, SelectedFiles.all(), []));
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new MigrationError(`The file system of container ${container.Name.slice(1)} ${error.message}`, {
      cause: error,
    });
  }
}

/** "open …/below-0: no such file or directory" (20.10, 28.5); "content digest … not found" (28.5 with the containerd store). */
const lacksLayers = (error: unknown): boolean =>
  error instanceof EngineError &&
  error.inBand &&
  /no such file|not found|does not exist/i.test(error.engineMessage);

/** Whether the destination has the very layers that the container lies upon; that an image is called the same says nothing. */
async function hasBase(
  { destination, boot, container, signal }: FileSystemTransfer,
  image: ImageInspect,
): Promise<boolean> {
  const { Layers: layers } = image.RootFS;
  if (layers.length >= mostLayers) return false;
  const candidates: readonly ImageRef[] = boot === undefined ? [container.Image] : [container.Image, boot];
  for (const candidate of candidates) {
    try {
      const { RootFS: found } = await destination.images.inspect(candidate, { signal });
      if (isDeepStrictEqual(found.Layers, layers)) return true;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return false;
}

/** @returns undefined when they cannot be told one by one: more of them than can be listed, or names that are not UTF-8. */
async function changedFiles({
  source,
  container,
  signal,
}: FileSystemTransfer): Promise<SelectedFiles | undefined> {
  try {
    const changes = await source.files.changes(container.Id, { signal });
    return changes.some(({ path }) => path.includes('\uFFFD')) ? undefined : SelectedFiles.changed(changes);
  } catch (error) {
    if (error instanceof EngineProtocolError) return undefined;
    throw error;
  }
}

/** Reads a layer, again and again while it turns out to need more files. */
async function measured(
  { source, container, signal, onProgress }: FileSystemTransfer,
  selected: SelectedFiles,
  below: readonly string[],
): Promise<MeasuredLayer> {
  const volumes = ownVolumes(container);
  for (const volume of volumes) if (folderOf(volume) !== '') selected.add(folderOf(volume));
  const layer: LayerSource = { engine: source, container: container.Id, selected, volumes, signal };
  for (;;) {
    const content = new LayerContent(layer);
    const digest = createHash('sha256');
    let size = 0;
    for await (const chunk of content.bytes()) {
      digest.update(chunk);
      size += chunk.length;
      onProgress?.({ phase: 'measuring', bytes: size });
    }
    if (content.missing.size === 0)
      return { source: layer, size, diffId: `sha256:${digest.digest('hex')}`, below };
    for (const path of content.missing) selected.add(path);
  }
}

/** Where volumes lie that came with the container: nobody gave them a name. */
function ownVolumes({ Mounts: mounts }: ContainerInspect): string[] {
  const folders = mounts
    .filter(({ Type: type, Name: name = '' }) => type === 'volume' && /^[0-9a-f]{64}$/.test(name))
    .map(({ Destination: destination }) => plainPath(destination));
  return folders.filter((folder) => !isBeneath(folderOf(folder), new Set(folders))).sort();
}

async function send(
  { destination, uuid, host, logger, signal, onProgress }: FileSystemTransfer,
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
    const onBytes = (bytes: number): void =>
      onProgress?.({ phase: 'transferring', bytes: Math.min(bytes, layer.size), total: layer.size });
    await destination.images.load(archive, { onProgress: onBytes }).catch((error: unknown) => {
      answerLost = answerWasLost(error);
      throw error;
    });
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
  { source, size, diffId, below }: MeasuredLayer,
  reference: ImageReference,
): AsyncGenerator<Buffer, void, void> {
  const digest = createHash('sha256');
  yield fileHeader('layer', size);
  let sent = 0;
  for await (const chunk of new LayerContent(source).bytes()) {
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
