import type { AttachVolumeOptions, DetachVolumeOptions } from '../../../interfaces/index.js';
import {
  DeviceDetachFailed,
  DiskNotFound,
  NovaException,
  task_states,
  VolumeAttachFailed,
} from '../../../interfaces/index.js';
import { isMounted } from '../../instances/index.js';
import { containerIfAny, containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

type Subjects = OfInstance & Readonly<Record<'mountpoint', string>>;

/** Refused unless the volume is mounted already: an engine cannot add mounts to an existing container. */
export const attachVolume: Verb<Subjects, AttachVolumeOptions, void> = {
  action: 'attach a volume to',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance, mountpoint: schemas.text },
  run: async (node, given) => {
    const { instance, mountpoint } = given;
    if (isMounted(await containerOf(node, given), mountpoint)) return;
    throw new VolumeAttachFailed(
      `The volume for ${mountpoint} could not be attached: a container gets its volumes when it is made, at spawn or rebuild`,
      { instance_uuid: instance.uuid },
    );
  },
};

/**
 * Refused while the volume is mounted: an engine cannot remove mounts from an existing container. Accepted during a
 * rebuild, which destroys the container next.
 */
export const detachVolume: Verb<Subjects, DetachVolumeOptions, void> = {
  action: 'detach a volume from',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance, mountpoint: schemas.text },
  run: async (node, given) => {
    const { instance, mountpoint } = given;
    const container = await containerIfAny(node, 'detach a volume from', given);
    if (container === undefined || instance.task_state === task_states.REBUILDING) return;
    const details = { instance_uuid: instance.uuid };
    if (!isMounted(container, mountpoint)) throw new DiskNotFound(`No disk at ${mountpoint}`, details);
    throw new DeviceDetachFailed(
      `Device detach failed for ${mountpoint}: a container keeps its volumes until it is destroyed or rebuilt`,
      details,
    );
  },
};
