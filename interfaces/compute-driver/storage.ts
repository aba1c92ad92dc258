import type { BlockDeviceInfo, ConnectionInfo } from '../objects/block-device-info.js';
import type { VolumeUsage } from '../objects/diagnostics.js';
import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** A disk of an instance in Nova's records. Nova: `nova.objects.BlockDeviceMapping`. */
export interface BlockDeviceMapping {
  readonly uuid: string;
  readonly instance_uuid: string;
  /** `image`, `volume`, `snapshot`, `blank`. */
  readonly source_type: string | null;
  /** `local`, `volume`. */
  readonly destination_type: string | null;
  /** Not readonly: the verbs that choose device names set it. */
  device_name: string | null;
  readonly boot_index?: number | null;
  readonly image_id?: string | null;
  readonly volume_id?: string | null;
  readonly snapshot_id?: string | null;
  /** GiB. */
  readonly volume_size?: number | null;
  readonly guest_format?: string | null;
  readonly disk_bus?: string | null;
  readonly device_type?: string | null;
  readonly delete_on_termination?: boolean;
  readonly no_device?: boolean | null;
  /** JSON, as Nova stores it. */
  readonly connection_info?: string | null;
  readonly tag?: string | null;
  readonly attachment_id?: string | null;
}

/** A directory of a file share that is mounted into an instance. Nova: `nova.objects.ShareMapping`. */
export interface ShareMapping {
  readonly uuid: string;
  readonly instance_uuid: string;
  readonly share_id: string;
  readonly status: string;
  readonly tag: string;
  readonly export_location: string;
  readonly share_proto: string;
}

/** The volumes of one instance, as {@link StorageVerbs.get_all_volume_usage} takes them. */
export interface InstanceBlockDeviceMappings {
  readonly instance: Instance;
  readonly instance_bdms: readonly BlockDeviceMapping[];
}

/** The host's data for connecting to a volume. Cinder: connector. */
export interface VolumeConnector {
  readonly ip: string;
  readonly host: string;
  /** The iSCSI qualified name. Always present, as Nova requires; null if the host has no iSCSI initiator. */
  readonly initiator: string | null;
}

/** I/O of one disk: `[rd_req, rd_bytes, wr_req, wr_bytes, errs]`. Nova: `block_stats`. */
export type BlockStats = readonly [
  rd_req: number,
  rd_bytes: number,
  wr_req: number,
  wr_bytes: number,
  errs: number,
];

/** How the data of a volume is encrypted. Cinder: encryption metadata. */
export type VolumeEncryption = Readonly<Record<string, unknown>>;

/** Options of {@link StorageVerbs.detach_volume}. */
export interface DetachVolumeOptions extends VerbOptions {
  /** How the volume is encrypted. Default: it is not encrypted. */
  readonly encryption?: VolumeEncryption | null;
}

/** Options of {@link StorageVerbs.attach_volume}. */
export interface AttachVolumeOptions extends DetachVolumeOptions {
  /** Default: the driver's choice. */
  readonly disk_bus?: string | null;
  /** Default: the driver's choice. */
  readonly device_type?: string | null;
}

/** Options of {@link StorageVerbs.get_instance_disk_info}. */
export interface GetInstanceDiskInfoOptions extends VerbOptions {
  /** The disks of the instance. Its volumes are omitted from the result. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
}

/** Volumes, shares and device names of disks. */
export interface StorageVerbs {
  /**
   * Mounts a volume into the instance.
   *
   * @param mountpoint - the device name that Nova chose: `/dev/vdb`.
   * @throws VolumeAttachFailed when the volume cannot be mounted.
   * Nova: `ComputeDriver.attach_volume`.
   */
  attach_volume(
    context: RequestContext,
    connection_info: ConnectionInfo,
    instance: Instance,
    mountpoint: string,
    options?: AttachVolumeOptions,
  ): Promise<void>;

  /**
   * Unmounts a volume from the instance.
   *
   * @throws DiskNotFound when the instance has no disk there; DeviceDetachFailed when the disk cannot be removed.
   * Nova: `ComputeDriver.detach_volume`.
   */
  detach_volume(
    context: RequestContext,
    connection_info: ConnectionInfo,
    instance: Instance,
    mountpoint: string,
    options?: DetachVolumeOptions,
  ): Promise<void>;

  /**
   * Replaces a volume of the instance by another, and copies its data.
   *
   * @param resize_to - the size to grow to if the new volume is larger, GiB.
   * Nova: `ComputeDriver.swap_volume`.
   */
  swap_volume(
    context: RequestContext,
    old_connection_info: ConnectionInfo,
    new_connection_info: ConnectionInfo,
    instance: Instance,
    mountpoint: string,
    resize_to: number,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Makes the new size of a grown volume visible to the instance.
   *
   * @param requested_size - the new size, bytes.
   * Nova: `ComputeDriver.extend_volume`.
   */
  extend_volume(
    context: RequestContext,
    connection_info: ConnectionInfo,
    instance: Instance,
    requested_size: number,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Snapshots one volume of the instance.
   *
   * @param create_info - Cinder's data, which depends on the kind of volume.
   * Nova: `ComputeDriver.volume_snapshot_create`.
   */
  volume_snapshot_create(
    context: RequestContext,
    instance: Instance,
    volume_id: string,
    create_info: Readonly<Record<string, unknown>>,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Deletes a snapshot of {@link volume_snapshot_create}.
   *
   * @param delete_info - Cinder's data, which depends on the kind of volume.
   * Nova: `ComputeDriver.volume_snapshot_delete`.
   */
  volume_snapshot_delete(
    context: RequestContext,
    instance: Instance,
    volume_id: string,
    snapshot_id: string,
    delete_info: Readonly<Record<string, unknown>>,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Returns the host's data for connecting to the instance's volumes.
   *
   * Nova: `ComputeDriver.get_volume_connector`.
   */
  get_volume_connector(instance: Instance, options?: VerbOptions): Promise<VolumeConnector>;

  /**
   * Mounts a file share on the host for the instance.
   *
   * Nova: `ComputeDriver.mount_share`.
   */
  mount_share(
    context: RequestContext,
    instance: Instance,
    share_mapping: ShareMapping,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Unmounts a file share from the host.
   *
   * @returns whether another instance still uses it.
   * Nova: `ComputeDriver.umount_share`.
   */
  umount_share(
    context: RequestContext,
    instance: Instance,
    share_mapping: ShareMapping,
    options?: VerbOptions,
  ): Promise<boolean>;

  /**
   * Returns whether a file share is mounted on the host for the instance.
   *
   * Nova: `ComputeDriver.is_share_mounted`.
   */
  is_share_mounted(
    context: RequestContext,
    instance: Instance,
    share_mapping: ShareMapping,
    options?: VerbOptions,
  ): Promise<boolean>;

  /**
   * Chooses a device name for the disk that the instance boots from.
   *
   * @throws NotImplementedError when the driver does not choose: then the orchestrator does. This also applies to
   * {@link default_device_names_for_instance} and {@link get_device_name_for_instance}.
   * Nova: `ComputeDriver.default_root_device_name`.
   */
  default_root_device_name(
    instance: Instance,
    image_meta: ImageMeta,
    root_bdm: BlockDeviceMapping,
    options?: VerbOptions,
  ): Promise<string>;

  /**
   * Sets device names in the mappings that have none.
   *
   * Nova: `ComputeDriver.default_device_names_for_instance`.
   */
  default_device_names_for_instance(
    instance: Instance,
    root_device_name: string | null,
    block_device_lists: readonly (readonly BlockDeviceMapping[])[],
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Chooses a device name for an additional disk.
   *
   * Nova: `ComputeDriver.get_device_name_for_instance`.
   */
  get_device_name_for_instance(
    instance: Instance,
    bdms: readonly BlockDeviceMapping[],
    block_device_obj: BlockDeviceMapping,
    options?: VerbOptions,
  ): Promise<string>;

  /**
   * Returns the I/O of the volumes of all instances.
   *
   * Nova: `ComputeDriver.get_all_volume_usage`.
   */
  get_all_volume_usage(
    context: RequestContext,
    compute_host_bdms: readonly InstanceBlockDeviceMappings[],
    options?: VerbOptions,
  ): Promise<VolumeUsage[]>;

  /**
   * Returns the I/O of one disk.
   *
   * @param disk_id - the device name without `/dev/`: `vda`.
   * @returns null if it is unknown.
   * Nova: `ComputeDriver.block_stats`.
   */
  block_stats(instance: Instance, disk_id: string, options?: VerbOptions): Promise<BlockStats | null>;

  /**
   * Returns the size of each disk of the instance.
   *
   * @returns JSON: a list of `{ path, type, virt_disk_size, backing_file, disk_size, over_committed_disk_size }`, sizes
   * in bytes.
   * Nova: `ComputeDriver.get_instance_disk_info`.
   */
  get_instance_disk_info(instance: Instance, options?: GetInstanceDiskInfoOptions): Promise<string>;

  /**
   * Returns whether disks can be formatted with this file system.
   *
   * Nova: `ComputeDriver.is_supported_fs_format`.
   */
  is_supported_fs_format(fs_type: string): Promise<boolean>;
}
