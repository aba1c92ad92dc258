import type {
  AttachVolumeOptions,
  ConnectionInfo,
  DetachVolumeOptions,
  GetInstanceDiskInfoOptions,
  Instance,
  InstanceBlockDeviceMappings,
  RequestContext,
  VerbOptions,
  VolumeConnector,
  VolumeUsage,
} from '../../interfaces/index.js';
import {
  DeviceDetachFailed,
  DiskNotFound,
  InstanceTerminationFailure,
  NovaException,
  task_states,
  VolumeAttachFailed,
} from '../../interfaces/index.js';
import { diskUsage, isMounted, listContainersOf } from '../instances/index.js';
import { destroy } from '../verbs/index.js';
import { instanceMustBeSound, mountpointMustBeText, soundInstance } from '../verbs/index.js';
import { DockerNetworkVerbs } from './network.js';

/** The verbs that concern volumes and disks. */
export abstract class DockerStorageVerbs extends DockerNetworkVerbs {
  /** Refused unless the volume is mounted already: an engine cannot add mounts to an existing container. */
  override async attach_volume(
    _context: RequestContext,
    _connection_info: ConnectionInfo,
    given: Instance,
    mountpoint: string,
    options: AttachVolumeOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    mountpointMustBeText(mountpoint);
    await this.computeHost.look('attach a volume to', instance, options, (_node, container) => {
      if (isMounted(container, mountpoint)) return Promise.resolve();
      throw new VolumeAttachFailed(
        `The volume for ${mountpoint} could not be attached: a container gets its volumes when it is made, at spawn or rebuild`,
        { instance_uuid: instance.uuid },
      );
    });
  }

  /**
   * Refused while the volume is mounted: an engine cannot remove mounts from an existing container. Accepted during a
   * rebuild, which destroys the container next.
   */
  override async detach_volume(
    _context: RequestContext,
    _connection_info: ConnectionInfo,
    given: Instance,
    mountpoint: string,
    options: DetachVolumeOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    mountpointMustBeText(mountpoint);
    await this.computeHost.changeContainerIfThere(
      'detach a volume from',
      instance,
      options,
      NovaException,
      (_node, container) => {
        if (instance.task_state === task_states.REBUILDING) return Promise.resolve();
        const details = { instance_uuid: instance.uuid };
        if (!isMounted(container, mountpoint)) throw new DiskNotFound(`No disk at ${mountpoint}`, details);
        throw new DeviceDetachFailed(
          `Device detach failed for ${mountpoint}: a container keeps its volumes until it is destroyed or rebuilt`,
          details,
        );
      },
    );
  }

  /** Reports no iSCSI initiator: a container mounts directories, so Cinder must not export a block device for it. */
  override async get_volume_connector(
    _instance: Instance,
    options: VerbOptions = {},
  ): Promise<VolumeConnector> {
    const ip = await this.get_host_ip_addr();
    return await this.computeHost.ask('tell who connects to volumes', options, ({ host }) =>
      Promise.resolve({ ip, host, initiator: null }),
    );
  }

  /**
   * Reports nothing, as Nova's libvirt driver does for volumes that it cannot measure: an engine counts I/O by device,
   * not by mount.
   */
  override get_all_volume_usage(
    _context: RequestContext,
    _compute_host_bdms: readonly InstanceBlockDeviceMappings[],
  ): Promise<VolumeUsage[]> {
    return Promise.resolve([]);
  }

  override async get_instance_disk_info(
    given: Instance,
    options: GetInstanceDiskInfoOptions = {},
  ): Promise<string> {
    const instance = soundInstance(given);
    return await this.computeHost.look(
      'measure the disk of',
      instance,
      options,
      async ({ engine }, { Id: container }, signal) =>
        diskUsage(await engine.containers.inspect(container, { size: true, signal })),
    );
  }

  override async instance_on_disk(given: Instance, options: VerbOptions = {}): Promise<boolean> {
    const instance = soundInstance(given);
    instanceMustBeSound(instance);
    return await this.computeHost.ask(
      'look for the files of an instance',
      options,
      async ({ engine, host }, signal) => (await listContainersOf(engine, host, instance, signal)).length > 0,
    );
  }

  /** An instance's files are its containers. Returns whether all are removed; throws if a removal fails. */
  override async delete_instance_files(given: Instance, options: VerbOptions = {}): Promise<boolean> {
    const instance = soundInstance(given);
    const all = { network_info: [], destroy_disks: true, destroy_vifs: true };
    await this.computeHost.change(
      'delete the files of',
      instance,
      options,
      InstanceTerminationFailure,
      (node, signal) => destroy(node, instance, { ...all, signal }),
    );
    return !(await this.instance_on_disk(instance, options));
  }
}
