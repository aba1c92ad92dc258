import { isDeepStrictEqual } from 'node:util';
import { MigrationError } from '../../../interfaces/index.js';
import type {
  ContainerInspect,
  Engine,
  ImageId,
  ImageInspect,
  ImageRef,
  ImageReference,
} from '../../engine/index.js';
import { EngineError, EngineProtocolError, ifThere } from '../../engine/index.js';
import { ArchiveRefused, plainPath } from '../../archives/index.js';
import { isContainerdStore } from '../layers/index.js';
import { Meter } from '../../progress/index.js';
import { LayerContent, type LayerSource } from './layer-content.js';
import { folderOf, isBeneath, SelectedFiles } from './selected-files.js';
import { measure, type MeasuredLayer } from './measured-layer.js';
import { sendImage, type ImageDestination } from './send-image.js';

/** A container's file system, and where it is to go. */
interface FileSystemTransfer extends ImageDestination {
  readonly source: Engine;
  /** The container, which must not run. */
  readonly container: ContainerInspect;
  /** The name that the container's image may have at the destination, too. */
  readonly boot: ImageReference | undefined;
  /** Folders whose volumes stay behind with what is in them; absolute paths. */
  readonly leftBehind: readonly string[];
}

/**
 * Layers that engines can stack are some 125; a container that has come far in small steps goes as a whole before that.
 */
const mostLayers = 100;

/**
 * Makes an image at the destination of all that is in a container, see `instanceReference`. Where the destination has
 * the container's image, only what differs from it travels. The container's files are read twice, to be measured and to
 * be sent, rather than put down anywhere in between. When it fails, the destination has what it had before.
 *
 * @returns the image's id at the destination.
 * @throws MigrationError when the files cannot be told, or change meanwhile; what the engines fail with; the signal's
 * reason when that aborts.
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
          return await sendImage(transfer, image, layer);
        } catch (error) {
          if (!lacksLayers(error)) throw error;
          // It was removed meanwhile.
          logger.warn('the destination cannot build upon its image: sending the whole file system', {
            error,
          });
        }
      }
    }
    return await sendImage(transfer, image, await measured(transfer, SelectedFiles.all(), []));
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new MigrationError(`The file system of container ${container.Name.slice(1)} ${error.message}`, {
      cause: error,
    });
  }
}

/** "open …/below-0: no such file or directory" (20.10, 28.5). */
const lacksLayers = (error: unknown): boolean =>
  error instanceof EngineError && error.inBand && /no such file/i.test(error.engineMessage);

/**
 * Whether the destination has the very layers that the container lies upon, and can build upon them; that an image is
 * called the same says nothing.
 */
async function hasBase(
  { destination, boot, container, signal }: FileSystemTransfer,
  image: ImageInspect,
): Promise<boolean> {
  const { Layers: layers } = image.RootFS;
  if (layers.length >= mostLayers) return false;
  const candidates: readonly ImageRef[] = boot === undefined ? [container.Image] : [container.Image, boot];
  for (const candidate of candidates) {
    const found = await ifThere(destination.images.inspect(candidate, { signal }));
    if (isDeepStrictEqual(found?.RootFS.Layers, layers))
      return !(await isContainerdStore(destination, signal));
  }
  return false;
}

/**
 * @returns undefined when they cannot be told one by one: more of them than can be listed, or names that are not UTF-8.
 */
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
  { source, container, leftBehind, limit, signal, onProgress }: FileSystemTransfer,
  selected: SelectedFiles,
  below: readonly string[],
): Promise<MeasuredLayer> {
  const volumes = volumesThatMove(container, leftBehind);
  for (const volume of volumes) if (folderOf(volume) !== '') selected.add(folderOf(volume));
  const layer: LayerSource = { engine: source, container: container.Id, selected, volumes, limit, signal };
  const meter = new Meter(onProgress, 'measuring');
  for (;;) {
    const content = new LayerContent(layer);
    const measures = await measure(content.bytes(), meter);
    if (content.missing.size === 0) {
      meter.end();
      return { ...measures, content: () => new LayerContent(layer).bytes(), below };
    }
    for (const path of content.missing) selected.addLinked(path);
  }
}

/**
 * Where volumes lie that came with the container, since nobody gave them a name; paths without a slash before them.
 *
 * @param leftBehind - folders whose volumes stay; absolute paths.
 */
export function volumesThatMove(container: ContainerInspect, leftBehind: readonly string[]): string[] {
  return ownVolumes(container).filter((volume) => !leftBehind.map(plainPath).includes(volume));
}

function ownVolumes({ Mounts: mounts }: ContainerInspect): string[] {
  const folders = mounts
    .filter(({ Type: type, Name: name = '' }) => type === 'volume' && /^[0-9a-f]{64}$/.test(name))
    .map(({ Destination: destination }) => plainPath(destination));
  return folders.filter((folder) => !isBeneath(folderOf(folder), new Set(folders))).sort();
}
