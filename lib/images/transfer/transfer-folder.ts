import { InstanceInvalidState } from '../../../interfaces/index.js';
import type { ContainerRef, Engine, ImageId } from '../../engine/index.js';
import { ArchiveRefused, ByteBudget, endOfArchive, neverCompressed } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { copiedBytes, entriesOf, validateNotWhiteout } from './layer-content.js';
import { folderOf, isBeneath } from './selected-files.js';
import { measure, type MeasuredLayer } from './measured-layer.js';
import { sendImage, type ImageDestination } from './send-image.js';

/** A folder of a container that holds a whole file system, see `copyFileSystem`. */
interface CopiedFolder {
  readonly source: Engine;
  readonly container: ContainerRef;
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Paths, relative to the folder, whose files stay behind: those of volumes. */
  readonly excludedPaths: ReadonlySet<string>;
  /** Maximum size of the files in bytes, see `copiedBytes`. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A folder of a stopped container, and the engine where it becomes an image. */
interface FolderTransfer extends ImageDestination, CopiedFolder {
  /** The image that the files' container was created from; supplies the new image's configuration. */
  readonly like: ImageId;
}

/**
 * Makes a one-layer image of the file system in a folder, see `instanceReference`. Reads the folder twice, to measure
 * and to send it. On failure the destination holds the same images as before.
 *
 * @returns the image's id.
 * @throws InstanceInvalidState when a file cannot be in a layer, or the folder exceeds the limit.
 * @throws EngineError 404 when the folder does not exist.
 * @throws the engine's error, or the signal's reason when the signal aborts.
 */
export async function transferFolder(transfer: FolderTransfer): Promise<ImageId> {
  const { source, like, signal } = transfer;
  const image = await source.images.inspect(like, { signal });
  try {
    return await sendImage(transfer, image, await measured(transfer));
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new InstanceInvalidState(`The file system below ${transfer.folder} ${error.message}`, {
      cause: error,
    });
  }
}

async function measured(transfer: FolderTransfer): Promise<MeasuredLayer> {
  const content = (): AsyncGenerator<Buffer, void, void> => neverCompressed(layerOfFolder(transfer));
  const meter = new Meter(transfer.onProgress, 'measuring');
  const measures = await measure(content(), meter);
  meter.end();
  return { ...measures, content, below: [] };
}

/**
 * Generates the layer of a folder as a tar archive.
 *
 * @throws ArchiveRefused when a file cannot be in a layer, or the files exceed the limit.
 * @throws EngineError 404 when the folder does not exist, or another error of the engine.
 */
export async function* layerOfFolder({
  source,
  container,
  folder,
  excludedPaths,
  maxBytes,
  signal,
}: CopiedFolder): AsyncGenerator<Buffer, void, void> {
  const budget = new ByteBudget(maxBytes);
  const owners = await source.system.idMapping({ signal });
  const archive = await source.files.getArchive(container, { path: `${folder}/.`, signal });
  for await (const { entry, content } of entriesOf(archive, owners)) {
    const { path, headers } = entry;
    if (path === '' || isBeneath(folderOf(path), excludedPaths)) continue;
    validateNotWhiteout(path);
    budget.spend(copiedBytes(entry));
    yield headers;
    yield* content;
  }
  yield endOfArchive;
}
