import { posix } from 'node:path';
import { z } from 'zod';
import {
  type ConnectionInfo,
  ComputeResourcesUnavailable,
  InvalidInput,
  VolumeDriverNotFound,
  VolumeEncryptionNotSupported,
  VolumeNotFound,
  type Instance,
} from '../../interfaces/index.js';
import { imageCacheVolume, label } from '../common/index.js';
import {
  type ContainerId,
  type Engine,
  type MountSpecification,
  isNotFound,
  volumeName,
  type ContainerInspect,
} from '../engine/index.js';
import { removeContainer } from './start-and-stop.js';

/** Which volumes the operator lets instances have. */
export interface VolumePolicy {
  /** Names of the engine's volumes, in which `*` stands for any text. */
  readonly allowedVolumes: readonly string[];
  /** Directories of the engine's host: those below them may be mounted. */
  readonly allowedHostPaths: readonly string[];
}

/** The names that engines give to volumes which nobody named: those that images ask for, for one. */
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
 * A volume as a mount: one of the engine's own (`driver_volume_type` `docker`, `data.name`), or a directory of the
 * engine's host (`directory`, `data.path`). Nothing else can be mounted into a container: volumes of other kinds are
 * block devices or images of disks.
 *
 * @param mount_device - the device name that Nova gave it.
 * @throws VolumeDriverNotFound when it is of another kind, as Nova's libvirt driver does.
 * @throws ComputeResourcesUnavailable when the operator does not allow it here.
 * @throws VolumeEncryptionNotSupported when it is encrypted; InvalidInput when what Cinder says of it cannot be
 * understood.
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
      // The volume is as its owner left it: nothing of the image is copied into an empty one.
      return {
        ...common,
        Type: 'volume',
        Source: volumeName(name),
        // The labels are those of a volume that the engine has to make, see volumesMustBeAsFound: one that is there
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
 * Makes sure that the engine has the volumes to mount: it would make an empty one of a name that it does not know.
 *
 * @throws VolumeNotFound when it has not.
 * @throws ComputeResourcesUnavailable when one is the driver's own, or came with a container: whatever names the
 * operator allows, no instance gets what another one has.
 */
export async function volumesMustExist(
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
      throw new VolumeNotFound(`The engine made the volume ${source} in place of one that had been removed`);
    if (labels[label.host] !== undefined || source === imageCacheVolume)
      throw new ComputeResourcesUnavailable(`The volume ${source} is one that the driver keeps for itself`);
    if (anonymous.test(source))
      throw new ComputeResourcesUnavailable(
        `The volume ${source} has no name of its own: it belongs to the container that it was made for`,
      );
  }
}

/**
 * Makes sure that the volumes which were there before a container was created are those that it has: in place of one
 * that was removed meanwhile the engine makes an empty one. That goes, and so does the container, which has never run.
 *
 * @param mounts - what the container was created with.
 * @throws VolumeNotFound when the engine has made one.
 */
export async function volumesMustBeAsFound(
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

/** Reads what Cinder says. @throws InvalidInput when it cannot be understood. */
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

/** Whether a name is of a pattern. */
function matches(name: string): (pattern: string) => boolean {
  return (pattern) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`).test(name);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/**
 * Whether a path is below a directory. Links are not looked through: they are the operator's, on a host that may be
 * another.
 */
function holds(path: string): (directory: string) => boolean {
  return (directory) => path.startsWith(posix.join(directory, '/')) && path !== posix.join(directory, '/');
}

/**
 * An empty volume that belongs to one container: the engine removes it with the container, and no snapshot has what is
 * in it.
 *
 * @param path - where it is in the container.
 */
export function ownVolume(path: string, host: string, { uuid }: Instance): MountSpecification {
  return {
    Type: 'volume',
    Target: path,
    VolumeOptions: { NoCopy: true, Labels: { [label.host]: host, [label.instanceUuid]: uuid } },
  };
}

/** What every container has of its kernel, and cannot do without. */
const ofTheKernel = /^\/(dev|proc|sys)(\/|$)/;

/**
 * Where in a container the file system of a disk appears: a container has no devices, so `/dev/vdb` becomes the folder
 * `/mnt/vdb`. A name that is a path elsewhere is that folder.
 *
 * @param device - the device name that Nova gave the disk: `/dev/vdb`, `vdb`.
 * @throws InvalidInput when there is none, or no folder can be called so.
 */
export function mountPoint(device: string | null | undefined): string {
  const name = (device ?? '').replace(/^\/dev\/+/, '');
  const path = name.startsWith('/') ? name : `/mnt/${name}`;
  const isSound = name !== '' && !path.includes('\0') && posix.resolve(path) === path;
  if (!isSound || path === '/mnt' || path === '/' || ofTheKernel.test(path))
    throw new InvalidInput(`${JSON.stringify(device)} cannot be the device name of a disk`);
  return path;
}

/** Whether a container has a disk of this device name. */
export function isMounted({ Mounts: mounts }: ContainerInspect, device: string): boolean {
  const path = mountPoint(device);
  return mounts.some(({ Destination: destination }) => destination === path);
}
