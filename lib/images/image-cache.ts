import type { Logger } from '../../interfaces/index.js';
import {
  EngineError,
  isConflict,
  isImageReference,
  isNotFound,
  repositoryName,
  tagName,
  type ContainerSummary,
  type Engine,
  type ImageReference,
  type ImageSummary,
} from '../engine/index.js';
import { label, repository } from '../labels.js';
import type { ImageHolds } from './image-holds.js';

/** Which images have no use any more. */
export interface UnusedImages {
  /** The ids of images that stay, whether or not a container uses them. */
  readonly needed: ReadonlySet<string>;
  /** Seconds since an image was last seen in use, or loaded, before which it stays. */
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
 * Removes images that the driver loaded, by any of its hosts on this engine, and that nobody has used for a while: no container of the engine is made of
 * it, running or not, and nobody holds it.
 *
 * When an image was last seen in use is kept by the engine, as the time of its last tag: each pass tags anew what is in use, as Nova's own cache touches
 * its files. So it outlives the driver, and counts for all hosts of the engine. An image whose age the engine does not tell is taken for new.
 *
 * A container that is made of an image at this moment is safe: the engine refuses to remove its image, or else has none for it, and it is loaded anew.
 *
 * @throws what the engine fails with when it is asked; what it refuses to remove is logged. The signal's reason when that aborts.
 */
export async function removeUnusedImages(cache: ImageCache, unused: UnusedImages): Promise<void> {
  const { engine, holds } = cache;
  const { needed, minimumAge, signal } = unused;
  const images = await engine.images.list({ filters: { reference: [repository.image] }, signal });
  // After the images: whoever came meanwhile is in it.
  const containers = await engine.containers.list({ all: true, signal });
  for (const cached of images.flatMap(cachedImages)) {
    signal?.throwIfAborted();
    if (needed.has(cached.id) || containers.some((container) => uses(container, cached))) {
      await touch(engine, cached);
      continue;
    }
    const age = await ageOf(engine, cached.reference);
    if (age === undefined) await touch(engine, cached);
    else if (age >= minimumAge)
      await holds.unlessHeld(cached.reference, signal, () => remove(cache, cached, age));
  }
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

/** @returns seconds; undefined when the engine does not know, or there is no such image any more. */
async function ageOf(engine: Engine, reference: ImageReference): Promise<number | undefined> {
  try {
    const { Metadata: metadata } = await engine.images.inspect(reference);
    const tagged = Date.parse(metadata?.LastTagTime ?? '');
    // The engine's word for never is the year 1.
    return tagged > 0 ? (Date.now() - tagged) / 1000 : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function touch(engine: Engine, { id, reference }: CachedImage): Promise<void> {
  try {
    await engine.images.tag(reference, { repo: repositoryName(repository.image), tag: tagName(id) });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function remove(
  { engine, logger }: ImageCache,
  { id, reference }: CachedImage,
  age: number,
): Promise<void> {
  try {
    await engine.images.remove(reference, { noprune: true });
    logger.info('removed an image that no instance uses any more', {
      image_id: id,
      unusedSeconds: Math.round(age),
    });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return;
    if (!(error instanceof EngineError)) throw error;
    logger.error('an image that no instance uses could not be removed', { image_id: id, error });
  }
}
