import type { Logger } from '../../interfaces/index.js';
import { isConflict, isNotFound, volumeName, type Engine } from '../engine/index.js';
import { imageCacheVolume, unusedSince } from '../common/index.js';

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
