import { ComputeResourcesUnavailable, VolumeNotFound } from '../../../interfaces/index.js';
import { imageCacheVolume, label } from '../../common/index.js';
import {
  type ContainerId,
  type Engine,
  isNotFound,
  type MountSpecification,
  volumeName,
} from '../../engine/index.js';
import { removeContainer } from '../containers/index.js';

/** Names that engines generate for volumes without one, such as those that an image declares. */
const anonymous = /^[0-9a-f]{64}$/;

/**
 * Validates that the volumes to mount exist: for an unknown name the engine would create an empty volume.
 *
 * @throws VolumeNotFound when a volume does not exist.
 * @throws ComputeResourcesUnavailable when a volume is the driver's own or another container's anonymous volume.
 * Instances must not share these, whatever names the operator allows.
 */
export async function validateVolumesExist(
  engine: Engine,
  mounts: readonly MountSpecification[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { Type: type, Source: source } of mounts) {
    if (type !== 'volume' || source === undefined) continue;
    const { Labels: labels } = await engine.volumes
      .inspect(volumeName(source), { signal })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        throw new VolumeNotFound(`The engine has no volume ${source}`, { cause: error });
      });
    if (labels[label.attempt] !== undefined)
      throw new VolumeNotFound(
        `The volume ${source} was removed meanwhile, and the engine created an empty one in its place`,
      );
    if (labels[label.host] !== undefined || source === imageCacheVolume)
      throw new ComputeResourcesUnavailable(`The volume ${source} is reserved for the driver`);
    if (anonymous.test(source))
      throw new ComputeResourcesUnavailable(
        `The volume ${source} is anonymous: it belongs to the container that it was created for`,
      );
  }
}

/**
 * Validates that a new container has the volumes that existed before: the engine replaces one that was removed
 * meanwhile by an empty volume. In that case the empty volume is removed, and the container, which has never run.
 *
 * @param mounts - the mounts that the container was created with.
 * @throws VolumeNotFound when the engine has created a volume.
 */
export async function validateVolumesUnchanged(
  engine: Engine,
  container: ContainerId,
  mounts: readonly MountSpecification[] = [],
): Promise<void> {
  for (const { Type: type, Source: source } of mounts) {
    if (type !== 'volume' || source === undefined) continue;
    const volume = volumeName(source);
    const { Labels: labels } = await engine.volumes.inspect(volume);
    if (labels[label.attempt] === undefined) continue;
    await removeContainer(engine, container);
    await engine.volumes.remove(volume);
    throw new VolumeNotFound(
      `The engine has no volume ${source}: it was removed while the instance was made`,
    );
  }
}
