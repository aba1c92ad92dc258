import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../interfaces/index.js';
import { label, repository, imageCacheVolume, unusedSince } from '../common/index.js';
import {
  EngineError,
  isConflict,
  isImageReference,
  isNotFound,
  type ContainerSummary,
  type Engine,
  type ImageReference,
  type ImageSummary,
  volumeName,
} from '../engine/index.js';
import { type ImageHolds, isTemporaryTag } from './references/index.js';

/** Which images have no use any more. */
export interface UnusedImages {
  /** The ids of images that stay, whether or not a container uses them. */
  readonly needed: ReadonlySet<string>;
  /** The uuids of instances, in lower case, whose own files' images stay, whether or not they have a container. */
  readonly instances: ReadonlySet<string>;
  /** Seconds that an image stays unused. */
  readonly minimumAge: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Seconds after which a temporary name has been left behind: images have one for the moments in which they are checked.
 */
const leftBehindAfter = 60 * 60;

/** What is cached, and who counts on it. */
interface ImageCache {
  readonly engine: Engine;
  readonly holds: ImageHolds;
  readonly logger: Logger;
}

/** An image under the name that the driver gave it. */
interface CachedImage {
  /**
   * What it is called in the note: its id in the image service, or the name of another image, which cannot be such an
   * id.
   */
  readonly key: string;
  readonly reference: ImageReference;
  readonly image: ImageSummary;
  /** Whether somebody has named it who needs it. */
  readonly isNeeded: boolean;
  /** A label that the container of an instance has which needs it, though it may be made of another image. */
  readonly user?: readonly [label: string, value: string];
  /** Seconds that it stays unused. */
  readonly minimumAge: number;
}

/**
 * Removes images that the driver loaded, for any of its hosts on this engine, and that have been unused for a while: no
 * container of the engine is made of it, running or not, and nobody holds it. The while begins when this first finds it
 * unused, and anew whenever an instance boots from it.
 *
 * So are the images of instances' own files that a migration left which did not come to its end: those of instances
 * that nobody names and that have no container on the engine. And so are the temporary names of images that were being
 * loaded: the host that loads the files of an instance into another's engine and crashes then does not come back there.
 *
 * A container that is made of an image at this moment is safe: the engine refuses to remove its image, or else has none
 * for it, and it is loaded anew.
 *
 * @throws what the engine fails with when it is asked; what it refuses to remove is logged. The signal's reason when
 * that aborts.
 */
export async function removeUnusedImages(cache: ImageCache, unused: UnusedImages): Promise<void> {
  const { engine, holds, logger } = cache;
  const { signal } = unused;
  const images = await engine.images.list({
    filters: { reference: [repository.image, repository.instance, repository.loading] },
    signal,
  });
  // After the images: whoever came meanwhile is in it.
  const containers = await engine.containers.list({ all: true, signal });
  const before = await readCacheNote(engine, signal);
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
  if (!isDeepStrictEqual(since, before)) await writeCacheNote(engine, since, logger);
}

/** The engine's filter is a pattern: what is removed must be ours by its whole name. */
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
          ? [{ reference, image, key: reference, isNeeded: false, minimumAge: leftBehindAfter }]
          : [];
      default:
        return [];
    }
  });
}

/**
 * By what the container was made of, and by what its instance was booted from: that may be another when it came from
 * another engine.
 */
function uses(container: ContainerSummary, { reference, image, user }: CachedImage): boolean {
  return (
    container.ImageID === image.Id ||
    container.Image === reference ||
    (user !== undefined && container.Labels[user[0]]?.toLowerCase() === user[1].toLowerCase())
  );
}

/** @returns whether it is gone; why not, stands in the log, unless a container uses it. */
async function remove({ engine, logger }: ImageCache, { key, reference }: CachedImage): Promise<boolean> {
  try {
    await engine.images.remove(reference, { noprune: true });
    logger.info('removed an image that no instance uses any more', { image: key });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (!(error instanceof EngineError)) throw error;
    if (!isConflict(error))
      logger.error('an image that no instance uses could not be removed', { image: key, error });
    return false;
  }
}

const name = volumeName(imageCacheVolume);

/**
 * Since when images have been unused, in seconds since 1970, by their ids.
 *
 * It stands in the labels of an empty volume, which outlives the driver and is the same for all hosts of the engine.
 * What is not understood is left out: an image that is not in it begins to be unused now. The engine's own time of the
 * last tag does not serve: containerd's store keeps the old one when a tag is given again.
 */
export async function readCacheNote(
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  try {
    const { Labels: labels } = await engine.volumes.inspect(name, { signal });
    return new Map(
      Object.entries(labels)
        .filter(([key, since]) => key.startsWith(unusedSince) && /^\d{1,15}$/.test(since))
        .map(([key, since]) => [key.slice(unusedSince.length), Number(since)]),
    );
  } catch (error) {
    if (isNotFound(error)) return new Map();
    throw error;
  }
}

/** Labels cannot be changed, so the note is made anew. One that is lost on the way only makes images stay longer. */
export async function writeCacheNote(
  engine: Engine,
  since: ReadonlyMap<string, number>,
  logger: Logger,
): Promise<void> {
  try {
    await engine.volumes.remove(name);
  } catch (error) {
    if (isConflict(error)) {
      logger.warn(
        'images stay: a container has mounted the volume that says how long they have been unused',
        {
          volume: name,
        },
      );
      return;
    }
    if (!isNotFound(error)) throw error;
  }
  if (since.size === 0) return;
  const labels: Record<string, string> = {};
  for (const [id, seconds] of since) labels[`${unusedSince}${id}`] = String(seconds);
  await engine.volumes.create({ Name: name, Labels: labels });
}
