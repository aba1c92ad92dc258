/** The disks of an instance. Nova: `nova/virt/block_device.py`, `driver.get_block_device_info`. */

/** How to connect to a volume. Cinder: connection_info. */
export interface ConnectionInfo {
  readonly driver_volume_type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly serial?: string | null;
}

/** A disk on the host. */
export interface LocalDisk {
  /** GiB; MiB for swap. */
  readonly size?: number;
  readonly device_name?: string | null;
  readonly disk_bus?: string | null;
  readonly device_type?: string | null;
  readonly guest_format?: string | null;
  readonly encrypted?: boolean | null;
}

/** The disk that an instance was booted from. Nova: `DriverImageBlockDevice`. */
export interface ImageDisk extends LocalDisk {
  readonly image_id?: string | null;
  readonly boot_index?: number | null;
  readonly encryption_secret_uuid?: string | null;
  readonly encryption_format?: string | null;
  readonly encryption_options?: unknown;
}

/** Swap space. */
export interface SwapDisk {
  /** MiB. */
  readonly swap_size: number;
  readonly device_name?: string | null;
  readonly encrypted?: boolean | null;
}

/** A volume to mount. */
export interface VolumeMapping {
  readonly connection_info: ConnectionInfo | null;
  /** The device name that Nova chose: `/dev/vdb`. */
  readonly mount_device?: string | null;
  /** 0 if the instance boots from this volume. */
  readonly boot_index?: number | null;
  readonly delete_on_termination?: boolean;
  readonly attachment_id?: string | null;
}

/** All disks of an instance. */
export interface BlockDeviceInfo {
  readonly root_device_name?: string | null;
  readonly image?: readonly ImageDisk[];
  readonly ephemerals?: readonly LocalDisk[];
  readonly block_device_mapping?: readonly VolumeMapping[];
  readonly swap?: SwapDisk | null;
}
