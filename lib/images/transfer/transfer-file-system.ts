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
import { EngineError, engineWords, undefinedIfNotFound } from '../../engine/index.js';
import { ArchiveRefused, plainPath } from '../../archives/index.js';
import { isContainerdStore, LayersLost, layersOfInspected, type LayersOfImage } from '../layers/index.js';
import { Meter } from '../../progress/index.js';
import { LayerContent, type LayerSource } from './layer-content.js';
import { listedChanges } from './listed-changes.js';
import { folderOf, isBeneath, SelectedFiles } from './selected-files.js';
import { measure, type MeasuredLayer } from './measured-layer.js';
import { sendImage, type ImageDestination } from './send-image.js';

/** A container's file system, and its destination. */
interface FileSystemTransfer extends ImageDestination {
  readonly source: Engine;
  /** The container; must be stopped. */
  readonly container: ContainerInspect;
  /** Reference that the destination may also have for the container's image. */
  readonly boot: ImageReference | undefined;
  /** Maximum size in bytes of the files in volumes. */
  readonly maxVolumeBytes: number;
  /** Absolute paths of volumes that stay behind with their content. */
  readonly leftBehind: readonly string[];
}

/** Engines can stack about 125 layers. A container with more layers than this moves as one layer. */
const maxBaseLayers = 100;

/**
 * Makes an image at the destination of all files in a container, see `instanceReference`. Sends only the differences
 * from the container's image where the destination has that image. Reads the files twice, to measure and to send them,
 * so that nothing is stored in between. On failure the destination holds the same images as before.
 *
 * @returns the image's id at the destination.
 * @throws MigrationError when the files cannot be archived or change meanwhile.
 * @throws the engines' error, or the signal's reason when the signal aborts.
 */
export async function transferFileSystem(transfer: FileSystemTransfer): Promise<ImageId> {
  const { source, container, logger, signal } = transfer;
  const image = await source.images.inspect(container.Image, { signal });
  try {
    const base = await baseAtDestination(transfer, image);
    if (base !== undefined) {
      const changed = await changedFiles(transfer);
      if (changed !== undefined) {
        const layer = await measured(transfer, changed, image.RootFS.Layers);
        try {
          return await sendImage(transfer, image, layer, base);
        } catch (error) {
          if (!(error instanceof LayersLost || lacksLayers(error, base))) throw error;
          // The base image was removed at the destination since the check.
          logger.warn('the destination cannot reuse its copy of the image: sending the whole file system', {
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

/**
 * Whether the destination refused an archive because it lacks layers that the archive omits. containerd's store has
 * many words for that: any refusal of such an archive may be one, and sending everything reports any other reason.
 */
const lacksLayers = (error: unknown, { stored }: LayersOfImage): boolean =>
  error instanceof EngineError &&
  error.inBand &&
  (stored !== undefined || engineWords.lacksLayers.test(error.engineMessage));

/**
 * Finds an image at the destination that has exactly the container's layers, and on top of which the destination can
 * load another. An equal image name proves nothing.
 */
async function baseAtDestination(
  { destination, boot, container, signal }: FileSystemTransfer,
  image: ImageInspect,
): Promise<LayersOfImage | undefined> {
  const { Layers: layers } = image.RootFS;
  if (layers.length >= maxBaseLayers) return undefined;
  const candidates: readonly ImageRef[] = boot === undefined ? [container.Image] : [container.Image, boot];
  for (const candidate of candidates) {
    const found = await undefinedIfNotFound(destination.images.inspect(candidate, { signal }));
    if (found === undefined || !isDeepStrictEqual(found.RootFS.Layers, layers)) continue;
    const base = layersOfInspected(candidate, found);
    if (base.stored !== undefined || !(await isContainerdStore(destination, signal))) return base;
  }
  return undefined;
}

/** @returns undefined when the changes cannot be listed: there are too many, or a name is not UTF-8. */
async function changedFiles({
  source,
  container,
  signal,
}: FileSystemTransfer): Promise<SelectedFiles | undefined> {
  const changes = await listedChanges(source, container.Id, signal);
  return changes === undefined || changes.some(({ path }) => path.includes('\uFFFD'))
    ? undefined
    : SelectedFiles.changed(changes);
}

/** Measures a layer. Repeats while hard links need further files in the layer. */
async function measured(
  { source, container, leftBehind, maxBytes, maxVolumeBytes, signal, onProgress }: FileSystemTransfer,
  selected: SelectedFiles,
  below: readonly string[],
): Promise<MeasuredLayer> {
  const volumes = volumesThatMove(container, leftBehind);
  for (const volume of volumes) if (folderOf(volume) !== '') selected.add(folderOf(volume));
  const layer: LayerSource = {
    engine: source,
    container: container.Id,
    selected,
    volumes,
    maxBytes,
    maxVolumeBytes,
    signal,
  };
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
 * Paths, without a leading slash, of the anonymous volumes that move with a container.
 *
 * @param leftBehind - absolute paths of volumes that stay behind.
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
