import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../interfaces/index.js';
import { label, repository } from '../common/index.js';
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
import { type ImageHolds, isTemporaryTag } from './references/index.js';
import { readUnusedSince, writeUnusedSince } from './unused-times.js';

/** Selects the images to remove. */
export interface UnusedImages {
  /** Image ids to keep, whether or not a container uses them. */
  readonly needed: ReadonlySet<string>;
  /** Lower-case uuids of instances whose own-file images are kept, whether or not the instance has a container. */
  readonly instances: ReadonlySet<string>;
  /** Seconds that an image must be unused before it is removed. */
  readonly minimumAge: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Seconds after which a temporary name counts as left behind. An image has one only while the driver loads and checks
 * it.
 */
const leftBehindAfterSeconds = 60 * 60;

/** The engine whose images are cached, and their reference counts. */
interface ImageCache {
  readonly engine: Engine;
  readonly holds: ImageHolds;
  readonly logger: Logger;
}

/** An image under the reference that the driver gave it. */
interface CachedImage {
  /**
   * Key of the stored times: the image's id in the image service, or its reference, which can never equal such an id.
   */
  readonly key: string;
  readonly reference: ImageReference;
  readonly image: ImageSummary;
  /** Whether the caller asked to keep the image. */
  readonly isNeeded: boolean;
  /** Label of containers whose instance needs the image, even when the container was created from another image. */
  readonly user?: readonly [label: string, value: string];
  /** Seconds that the image must be unused before it is removed. */
  readonly minimumAge: number;
}

/**
 * Removes images that the driver loaded for any of its hosts on this engine, once they have been unused for long
 * enough. An image is unused when no container, running or stopped, was created from it and no caller holds it. Idle
 * time starts at the first scan that finds the image unused; booting an instance from the image resets it.
 *
 * Also removes two kinds of leftovers: images of an instance's own files from an interrupted migration, if the instance
 * is not in `unused.instances` and has no container on the engine; and temporary names older than one hour. A host that
 * crashes while it loads an instance's files into another host's engine never cleans up there.
 *
 * Racing with a container create is safe: either the engine refuses to remove the image, or the create fails because
 * the image is missing and the driver loads it again.
 *
 * @throws EngineError when the engine cannot list images or containers. Failed removals are only logged.
 * @throws the signal's reason when the signal aborts.
 */
export async function removeUnusedImages(cache: ImageCache, unused: UnusedImages): Promise<void> {
  const { engine, holds, logger } = cache;
  const { signal } = unused;
  const images = await engine.images.list({
    filters: { reference: [repository.image, repository.instance, repository.loading] },
    signal,
  });
  // List containers after images, so that containers created in between are included.
  const containers = await engine.containers.list({ all: true, signal });
  const before = await readUnusedSince(engine, signal);
  const now = Math.floor(Date.now() / 1000);
  const since = new Map<string, number>();
  for (const cached of images.flatMap((image) => cachedImages(image, unused))) {
    if (cached.isNeeded || containers.some((container) => uses(container, cached))) continue;
    const unusedSince = Math.max(before.get(cached.key) ?? now, holds.lastKept(cached.reference));
    since.set(cached.key, unusedSince);
    if (now - unusedSince < cached.minimumAge) continue;
    await holds.unlessHeld(cached.reference, signal, async () => {
      if (await remove(cache, cached)) since.delete(cached.key);
    });
  }
  if (!isDeepStrictEqual(since, before)) await writeUnusedSince(engine, since, logger);
}

/** Matches whole names: the engine's filter is a pattern, and the driver may remove only its own images. */
function cachedImages(image: ImageSummary, { needed, instances, minimumAge }: UnusedImages): CachedImage[] {
  return image.RepoTags.filter(isImageReference).flatMap((reference): CachedImage[] => {
    const colon = reference.lastIndexOf(':');
    const tag = reference.slice(colon + 1);
    const common = { reference, image, minimumAge };
    switch (reference.slice(0, colon)) {
      case repository.image:
        return [{ ...common, key: tag, isNeeded: needed.has(tag), user: [label.imageId, tag] }];
      case repository.instance:
        return [
          {
            ...common,
            key: reference,
            isNeeded: instances.has(tag),
            user: [label.instanceUuid, tag],
          },
        ];
      case repository.loading:
        return isTemporaryTag(tag)
          ? [{ reference, image, key: reference, isNeeded: false, minimumAge: leftBehindAfterSeconds }]
          : [];
      default:
        return [];
    }
  });
}

/**
 * Compares the container's image and the image that its instance was booted from. The two differ after a migration from
 * another engine.
 */
function uses(container: ContainerSummary, { reference, image, user }: CachedImage): boolean {
  return (
    container.ImageID === image.Id ||
    container.Image === reference ||
    (user !== undefined && container.Labels[user[0]]?.toLowerCase() === user[1].toLowerCase())
  );
}

/** @returns whether the image is gone. A failure is logged, unless a container uses the image. */
async function remove({ engine, logger }: ImageCache, { key, reference }: CachedImage): Promise<boolean> {
  try {
    await engine.images.remove(reference, { noprune: true });
    logger.info('removed an unused image', { image: key });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (!(error instanceof EngineError)) throw error;
    if (!isConflict(error)) logger.error('could not remove an unused image', { image: key, error });
    return false;
  }
}
