import { InstanceInvalidState } from '../../../interfaces/index.js';
import type { ContainerRef, Engine, ImageId } from '../../engine/index.js';
import { ArchiveRefused, ByteBudget, endOfArchive } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { entriesOf, mustBeNoMark } from './layer-content.js';
import { folderOf, isBeneath } from './selected-files.js';
import { measure, type MeasuredLayer } from './measured-layer.js';
import { sendImage, type ImageDestination } from './send-image.js';

/** A folder of a container that holds a whole file system, see `copyFileSystem`. */
interface FolderTransfer extends ImageDestination {
  readonly source: Engine;
  /** The container, which must not run. */
  readonly container: ContainerRef;
  /** The folder, as an absolute path. */
  readonly folder: string;
  /** What in it lies in volumes, by paths relative to it: these files stay where they are. */
  readonly volumes: ReadonlySet<string>;
  /** The image whose containers the files come from: the new one has the same to say to its containers. */
  readonly like: ImageId;
}

/**
 * Makes an image of one layer of the file system in a folder, see `instanceReference`. The folder is read twice, to be
 * measured and to be sent. When it fails, the destination has what it had before.
 *
 * @returns the image's id.
 * @throws InstanceInvalidState when something in the folder cannot be in a layer, or it has more than the limit; EngineError 404 when there is no such
 * folder; what the engine fails with; the signal's reason when that aborts.
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
  const content = (): AsyncGenerator<Buffer, void, void> => layerOf(transfer);
  const meter = new Meter(transfer.onProgress, 'measuring');
  const measures = await measure(content(), meter);
  meter.end();
  return { ...measures, content, below: [] };
}

async function* layerOf({
  source,
  container,
  folder,
  volumes,
  limit,
  signal,
}: FolderTransfer): AsyncGenerator<Buffer, void, void> {
  const budget = new ByteBudget(limit);
  const owners = await source.system.idMapping({ signal });
  const archive = await source.files.getArchive(container, { path: `${folder}/.`, signal });
  for await (const { entry, content } of entriesOf(archive, owners)) {
    const { path, headers } = entry;
    if (path === '' || isBeneath(folderOf(path), volumes)) continue;
    mustBeNoMark(path);
    budget.spend(entry.size);
    yield headers;
    yield* content;
  }
  yield endOfArchive;
}
