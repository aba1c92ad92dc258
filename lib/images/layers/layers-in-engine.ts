import { isNotFound, type Engine } from '../../engine/index.js';
import { repository } from '../../labels.js';
import { bootedImageId, bootReference } from '../boot-reference.js';
import type { ImageSource } from './image-ranges.js';
import { mayContain, recordIfReadable } from './layer-rights.js';

/** An image that the driver loaded, and of which every byte was verified then. */
export interface LoadedImage {
  readonly image_id: string;
  /** Diff ids, from the base up. */
  readonly layers: readonly string[];
}

/** Most images of the engine that are looked at, and most of those that the image service is asked for. */
const mostImages = 256;
const mostRecords = 16;

/** The images of an engine that a driver loaded from the image service, the newest first. Others may be anybody's: their layers are of no use. */
export async function loadedImages(engine: Engine, signal: AbortSignal): Promise<LoadedImage[]> {
  const images = await engine.images.list({ filters: { reference: [repository.image] }, signal });
  const ids = images
    .toSorted((a, b) => b.Created - a.Created)
    // The engine's filter is a pattern: what counts is the whole name.
    .flatMap(({ RepoTags: tags }) => tags.flatMap((name) => bootedImageId(name) ?? []))
    .slice(0, mostImages);
  const loaded: LoadedImage[] = [];
  for (const image_id of ids) {
    const layers = await layersOf(engine, image_id, signal);
    if (layers !== undefined) loaded.push({ image_id, layers });
  }
  return loaded;
}

/** The diff ids of an image that a driver loaded, from the base up; undefined when it is not there. */
export async function layersOf(
  engine: Engine,
  image_id: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  try {
    const { RootFS: files } = await engine.images.inspect(bootReference(image_id), { signal });
    return files.Layers;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * How many of an image's layers, from the base up, may be taken from the engine: those that it has in common with a loaded image, because engines know
 * layers by all that is below them; and only with one that the image may contain and that the requester may read, see {@link mayContain}.
 *
 * @param least - fewer are of no use, and the image service is not asked for them.
 */
export async function layersToTake(
  loaded: readonly LoadedImage[],
  diffIds: readonly string[],
  least: number,
  { imageService, context, record, signal }: ImageSource,
): Promise<number> {
  const shared = loaded
    .map(({ image_id, layers }) => ({ image_id, count: inCommon(diffIds, layers) }))
    .filter(({ count }) => count >= least)
    .toSorted((a, b) => b.count - a.count);
  for (const { image_id, count } of shared.slice(0, mostRecords)) {
    const other = await recordIfReadable(imageService, context, image_id, signal);
    if (other !== undefined && mayContain(record, other)) return count;
  }
  return 0;
}

function inCommon(some: readonly string[], others: readonly string[]): number {
  const differs = some.findIndex((layer, index) => layer !== others[index]);
  return differs < 0 ? some.length : differs;
}
