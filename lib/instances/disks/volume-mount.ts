import { posix } from 'node:path';
import { z } from 'zod';
import {
  type ConnectionInfo,
  ComputeResourcesUnavailable,
  InvalidInput,
  VolumeDriverNotFound,
  VolumeEncryptionNotSupported,
} from '../../../interfaces/index.js';
import { label } from '../../common/index.js';
import { type MountSpecification, volumeName } from '../../engine/index.js';
import { mountPoint } from './mount-point.js';

/** The volumes that the operator allows instances to mount. */
export interface VolumePolicy {
  /** Names of the engine's volumes; `*` matches any text. */
  readonly allowedVolumes: readonly string[];
  /** Directories of the engine's host; the directories below them may be mounted. */
  readonly allowedHostPaths: readonly string[];
}

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
