import type { PowerState } from '../constants/power-state.js';
import type { Flavor } from './flavor.js';
import type { NetworkInfo } from './network-info.js';
import type { ObjectList, PersistentObject } from './nova-object.js';

/** The host's processors on which an instance's virtual CPUs run. Nova: `nova.objects.InstanceNUMATopology`. */
export interface InstanceNUMATopology {
  readonly cells: readonly {
    readonly id?: number;
    /** The host's CPU for each CPU of the instance. */
    readonly cpu_pinning?: Readonly<Record<string, number>> | null;
  }[];
}

/** Nova's cached network of an instance. Nova: `nova.objects.InstanceInfoCache`. */
export interface InstanceInfoCache extends PersistentObject {
  readonly network_info: NetworkInfo | null;
  readonly instance_uuid?: string;
}

/** An instance. Nova: `nova.objects.Instance`. */
export interface Instance extends PersistentObject {
  readonly uuid: string;
  /** The instance's name on the host: `instance-00000001`. */
  readonly name: string;
  readonly flavor: Flavor;
  readonly project_id?: string | null;
  readonly user_id?: string | null;
  readonly hostname?: string | null;
  readonly display_name?: string | null;
  readonly display_description?: string | null;
  /** The id of the image that the instance was booted from. Empty if it was booted from a volume. */
  readonly image_ref?: string | null;
  readonly key_name?: string | null;
  /** The administrator's public SSH key. */
  readonly key_data?: string | null;
  /** Base64, as Nova stores it. */
  readonly user_data?: string | null;
  /** The owner's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Nova's own metadata. The keys `image_*` are the properties of the instance's image. */
  readonly system_metadata?: Readonly<Record<string, string | null>>;
  readonly id?: number;
  readonly host?: string | null;
  readonly node?: string | null;
  readonly launched_on?: string | null;
  readonly power_state?: PowerState | null;
  readonly vm_state?: string | null;
  readonly task_state?: string | null;
  readonly memory_mb?: number;
  readonly vcpus?: number;
  readonly root_gb?: number;
  readonly ephemeral_gb?: number;
  readonly instance_type_id?: number;
  readonly config_drive?: string | null;
  readonly availability_zone?: string | null;
  readonly launch_index?: number | null;
  readonly reservation_id?: string | null;
  readonly root_device_name?: string | null;
  readonly os_type?: string | null;
  readonly architecture?: string | null;
  readonly vm_mode?: string | null;
  readonly launched_at?: string | null;
  readonly terminated_at?: string | null;
  readonly cleaned?: boolean;
  readonly hidden?: boolean;
  readonly info_cache?: InstanceInfoCache | null;
  readonly security_groups?: ObjectList;
  readonly pci_devices?: ObjectList;
  readonly numa_topology?: InstanceNUMATopology | null;
  readonly old_flavor?: Flavor | null;
  readonly new_flavor?: Flavor | null;
  readonly kernel_id?: string | null;
  readonly ramdisk_id?: string | null;
  readonly ephemeral_key_uuid?: string | null;
  readonly default_ephemeral_device?: string | null;
  readonly default_swap_device?: string | null;
  readonly access_ip_v4?: string | null;
  readonly access_ip_v6?: string | null;
  readonly auto_disk_config?: boolean | null;
  /** Percent. */
  readonly progress?: number | null;
  readonly locked?: boolean;
  readonly locked_by?: string | null;
  readonly shutdown_terminate?: boolean;
  readonly disable_terminate?: boolean;
  readonly cell_name?: string | null;
  readonly pci_requests?: PciRequests | null;
  readonly migration_context?: unknown;
  readonly device_metadata?: unknown;
  readonly tags?: ObjectList;
  readonly keypairs?: ObjectList;
  readonly vcpu_model?: unknown;
  readonly ec2_ids?: unknown;
  readonly trusted_certs?: unknown;
  readonly resources?: unknown;
}

/** The PCI devices that an instance requests. Nova: `nova.objects.InstancePCIRequests`. */
export interface PciRequests {
  readonly instance_uuid?: string;
  readonly requests: readonly unknown[];
}
