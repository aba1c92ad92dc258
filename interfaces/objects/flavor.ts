import type { PersistentObject } from './nova-object.js';

/** The resources of an instance. Nova: `nova.objects.Flavor`. */
export interface Flavor extends PersistentObject {
  /** Memory, MiB. */
  readonly memory_mb: number;
  readonly vcpus: number;
  /** Root disk, GiB; 0 means no limit. */
  readonly root_gb: number;
  /** Ephemeral disk, GiB. */
  readonly ephemeral_gb?: number;
  /** Swap, MiB, in addition to the memory. */
  readonly swap?: number;
  readonly id?: number;
  readonly flavorid?: string;
  readonly name?: string;
  readonly rxtx_factor?: number | null;
  readonly vcpu_weight?: number | null;
  readonly disabled?: boolean;
  readonly is_public?: boolean;
  readonly description?: string | null;
  /** `quota:cpu_shares`, `hw:cpu_policy`, `docker:privileged`, …: see docs/virt-driver.md. */
  readonly extra_specs?: Readonly<Record<string, string>>;
}
