import { posix } from 'node:path';
import { z } from 'zod';
import {
  type ConnectionInfo,
  ComputeResourcesUnavailable,
  InvalidInput,
  VolumeDriverNotFound,
  VolumeEncryptionNotSupported,
  VolumeNotFound,
} from '../../../interfaces/index.js';
import { imageCacheVolume, label } from '../../common/index.js';
import {
  type ContainerId,
  type Engine,
  type MountSpecification,
  isNotFound,
  volumeName,
  type ContainerInspect,
} from '../../engine/index.js';
import { removeContainer } from '../containers/index.js';

/** The volumes that the operator allows instances to mount. */
export interface VolumePolicy {
  /** Names of the engine's volumes; `*` matches any text. */
  readonly allowedVolumes: readonly string[];
  /** Directories of the engine's host; the directories below them may be mounted. */
  readonly allowedHostPaths: readonly string[];
}

/** Names that engines generate for volumes without one, such as those that an image declares. */
const anonymous = /^[0-9a-f]{64}$/;

const connection = z.object({
  driver_volume_type: z.string(),
  data: z.looseObject({
    access_mode: z.enum(['rw', 'ro']).nullish(),
    encrypted: z.boolean().nullish(),
  }),
});
const engineVolume = z.object({ name: z.string() });
const hostDirectory = z.object({ path: z.string() });

/**
 * A volume as a mount: one of the engine's volumes (`driver_volume_type` `docker`, `data.name`), or a directory of the
 * engine's host (`directory`, `data.path`). Volumes of other kinds are block devices or disk images, which a container
 * cannot mount.
 *
 * @param mount_device - the device name that Nova gave the volume.
 * @throws VolumeDriverNotFound when the volume is of another kind, as Nova's libvirt driver does.
 * @throws ComputeResourcesUnavailable when the operator does not allow the volume here.
 * @throws VolumeEncryptionNotSupported when the volume is encrypted.
 * @throws InvalidInput when Cinder's `connection_info` is malformed.
 */
export function volumeMount(
  connection_info: ConnectionInfo | null,
  mount_device: string | null | undefined,
  policy: VolumePolicy,
): MountSpecification {
  const { driver_volume_type: type, data } = understood(connection, connection_info);
  const common = { Target: mountPoint(mount_device), ReadOnly: data.access_mode === 'ro' };
  if (data.encrypted === true)
    throw new VolumeEncryptionNotSupported(`The volume for ${common.Target} is encrypted`);
  switch (type) {
    case 'docker': {
      const { name } = understood(engineVolume, data);
      allowed(name, policy.allowedVolumes.some(matches(name)), 'allowedVolumes');
      // NoCopy: the engine must not copy the image's files into an empty volume.
      return {
        ...common,
        Type: 'volume',
        Source: volumeName(name),
        // Only a volume that the engine has to create gets this label, see validateVolumesUnchanged; an existing volume
        // keeps its own.
        VolumeOptions: { NoCopy: true, Labels: { [label.attempt]: name } },
      };
    }
    case 'directory': {
      const { path } = understood(hostDirectory, data);
      const resolved = posix.resolve('/', path);
      allowed(path, policy.allowedHostPaths.some(holds(resolved)), 'allowedHostPaths');
      return { ...common, Type: 'bind', Source: resolved };
    }
    default:
      throw new VolumeDriverNotFound(
        `Could not find a handler for ${type} volume: a container can be given an engine's volume ("docker") or a directory ("directory")`,
      );
  }
}

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

/** Parses a part of Cinder's `connection_info`. @throws InvalidInput when it is malformed. */
function understood<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new InvalidInput(`The connection_info of a volume cannot be used: ${z.prettifyError(read.error)}`, {
    cause: read.error,
  });
}

function allowed(volume: string, isAllowed: boolean, option: string): void {
  if (!isAllowed)
    throw new ComputeResourcesUnavailable(
      `The driver's option ${option} does not let instances have the volume ${JSON.stringify(volume)}`,
    );
}

/** Whether a name matches a pattern. */
function matches(name: string): (pattern: string) => boolean {
  return (pattern) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`).test(name);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/**
 * Whether a path is below a directory. Symbolic links are not resolved: the operator controls them, and the engine may
 * be on another machine.
 */
function holds(path: string): (directory: string) => boolean {
  return (directory) => path.startsWith(posix.join(directory, '/')) && path !== posix.join(directory, '/');
}

/** The kernel's file systems, which every container needs. */
const ofTheKernel = /^\/(dev|proc|sys)(\/|$)/;

/**
 * The mount point of a disk's file system. Containers have no block devices, so `/dev/vdb` becomes the folder
 * `/mnt/vdb`. An absolute path outside `/dev` is the mount point itself.
 *
 * @param device - the device name that Nova gave the disk: `/dev/vdb`, `vdb`.
 * @throws InvalidInput when it is missing or not usable as a mount point.
 */
export function mountPoint(device: string | null | undefined): string {
  const name = (device ?? '').replace(/^\/dev\/+/, '');
  const path = name.startsWith('/') ? name : `/mnt/${name}`;
  const isSound = name !== '' && !path.includes('\0') && posix.resolve(path) === path;
  if (!isSound || path === '/mnt' || path === '/' || ofTheKernel.test(path))
    throw new InvalidInput(`${JSON.stringify(device)} cannot be the device name of a disk`);
  return path;
}

/** Whether a container has a disk with this device name. */
export function isMounted({ Mounts: mounts }: ContainerInspect, device: string): boolean {
  const path = mountPoint(device);
  return mounts.some(({ Destination: destination }) => destination === path);
}
