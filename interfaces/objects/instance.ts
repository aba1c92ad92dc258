import type { PowerState } from '../constants/power-state.js';
import type { Flavor } from './flavor.js';
import type { NetworkInfo } from './network-info.js';

/** A list of objects, as Nova wraps it. */
export interface ObjectList<T = unknown> {
  readonly objects: readonly T[];
}

/** Where the virtual CPUs of an instance run. Nova: `nova.objects.InstanceNUMATopology`. */
export interface InstanceNUMATopology {
  readonly cells: readonly {
    readonly id?: number;
    /** From the instance's CPU to the host's. */
    readonly cpu_pinning?: Readonly<Record<string, number>> | null;
  }[];
}

/** An instance. Nova: `nova.objects.Instance`. */
export interface Instance {
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
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
  readonly launched_at?: string | null;
  readonly terminated_at?: string | null;
  readonly deleted?: boolean;
  readonly cleaned?: boolean;
  readonly hidden?: boolean;
  readonly info_cache?: { readonly network_info: NetworkInfo | null } | null;
  readonly security_groups?: ObjectList;
  readonly pci_devices?: ObjectList;
  readonly numa_topology?: InstanceNUMATopology | null;
  readonly old_flavor?: Flavor | null;
  readonly new_flavor?: Flavor | null;
}
