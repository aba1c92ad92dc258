import type { PowerState } from '../constants/power-state.js';
import type { Flavor } from './flavor.js';
import type { NetworkInfo } from './network-info.js';
import type { ObjectList, PersistentObject } from './nova-object.js';

/** Where the virtual CPUs of an instance run. Nova: `nova.objects.InstanceNUMATopology`. */
export interface InstanceNUMATopology {
  readonly cells: readonly {
    readonly id?: number;
    /** From the instance's CPU to the host's. */
    readonly cpu_pinning?: Readonly<Record<string, number>> | null;
  }[];
}

/** What Nova remembers of an instance's network. Nova: `nova.objects.InstanceInfoCache`. */
export interface InstanceInfoCache extends PersistentObject {
  readonly network_info: NetworkInfo | null;
  readonly instance_uuid?: string;
}

/** An instance. Nova: `nova.objects.Instance`. */
export interface Instance extends PersistentObject {
  readonly uuid: string;
  /** Nova's name for it on the host: `instance-00000001`. */
  readonly name: string;
  readonly flavor: Flavor;
  readonly project_id?: string | null;
  readonly user_id?: string | null;
  readonly hostname?: string | null;
  readonly display_name?: string | null;
  readonly display_description?: string | null;
  /** The image it was booted from; empty when booted from a volume. */
  readonly image_ref?: string | null;
  readonly key_name?: string | null;
  /** A public SSH key for its administrator. */
  readonly key_data?: string | null;
  /** Base64, as Nova stores it. */
  readonly user_data?: string | null;
  /** What its owner wrote on it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What Nova wrote on it: `image_*` are the properties of its image. */
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

/** The PCI devices that an instance wants. Nova: `nova.objects.InstancePCIRequests`. */
export interface PciRequests {
  readonly instance_uuid?: string;
  readonly requests: readonly unknown[];
}
