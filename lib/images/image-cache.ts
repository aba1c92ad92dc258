import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../interfaces/index.js';
import {
  EngineError,
  isConflict,
  isImageReference,
  isNotFound,
  type ContainerSummary,
  type Engine,
  type ImageReference,
  type ImageSummary,
} from '../engine/index.js';
import { label, repository } from '../labels.js';
import { readCacheNote, writeCacheNote } from './cache-note.js';
import type { ImageHolds } from './image-holds.js';

/** Which images have no use any more. */
export interface UnusedImages {
  /** The ids of images that stay, whether or not a container uses them. */
  readonly needed: ReadonlySet<string>;
  /** Seconds that an image stays unused. */
  readonly minimumAge: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is cached, and who counts on it. */
export interface ImageCache {
  readonly engine: Engine;
  readonly holds: ImageHolds;
  readonly logger: Logger;
}

/** An image under the name that the driver gave it. */
interface CachedImage {
  readonly id: string;
  readonly reference: ImageReference;
  readonly image: ImageSummary;
}

/**
 * Removes images that the driver loaded, for any of its hosts on this engine, and that have been unused for a while: no container of the engine is made
 * of it, running or not, and nobody holds it. The while begins when this first finds it unused, and anew whenever an instance boots from it.
 *
 * A container that is made of an image at this moment is safe: the engine refuses to remove its image, or else has none for it, and it is loaded anew.
 *
 * @throws what the engine fails with when it is asked; what it refuses to remove is logged. The signal's reason when that aborts.
 */
export async function removeUnusedImages(cache: ImageCache, unused: UnusedImages): Promise<void> {
  const { engine, holds, logger } = cache;
  const { needed, minimumAge, signal } = unused;
  const images = await engine.images.list({ filters: { reference: [repository.image] }, signal });
  // After the images: whoever came meanwhile is in it.
  const containers = await engine.containers.list({ all: true, signal });
  const before = await readCacheNote(engine, signal);
  const now = Math.floor(Date.now() / 1000);
  const since = new Map<string, number>();
  for (const cached of images.flatMap(cachedImages)) {
    if (needed.has(cached.id) || containers.some((container) => uses(container, cached))) continue;
    const unusedSince = Math.max(before.get(cached.id) ?? now, holds.lastKept(cached.reference));
    since.set(cached.id, unusedSince);
    if (now - unusedSince < minimumAge) continue;
    await holds.unlessHeld(cached.reference, signal, async () => {
      if (await isRemoved(cache, cached)) since.delete(cached.id);
    });
  }
  if (!isDeepStrictEqual(since, before)) await writeCacheNote(engine, since, logger);
}

/** The engine's filter is a pattern: what is removed must be ours by its whole name. */
function cachedImages(image: ImageSummary): CachedImage[] {
  const prefix = `${repository.image}:`;
  return image.RepoTags.filter(isImageReference)
    .filter((reference) => reference.startsWith(prefix))
    .map((reference) => ({ id: reference.slice(prefix.length), reference, image }));
}

/** By what the container was made of, and by what its instance was booted from: that may be another when it came from another engine. */
function uses(container: ContainerSummary, { id, reference, image }: CachedImage): boolean {
  return (
    container.ImageID === image.Id || container.Image === reference || container.Labels[label.imageId] === id
  );
}

async function isRemoved({ engine, logger }: ImageCache, { id, reference }: CachedImage): Promise<boolean> {
  try {
    await engine.images.remove(reference, { noprune: true });
    logger.info('removed an image that no instance uses any more', { image_id: id });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (!(error instanceof EngineError)) throw error;
    if (!isConflict(error))
      logger.error('an image that no instance uses could not be removed', { image_id: id, error });
    return false;
  }
}
