import type { PowerState } from '../constants/power-state.js';

/** The result of `get_info`. Nova: `nova.virt.hardware.InstanceInfo`, which has only the first two fields. */
export interface InstanceInfo {
  readonly state: PowerState;
  /** The container's id. */
  readonly internal_id: string;
  /** The exit status of the last run. Null while the container runs, or if it never ran. */
  readonly exit_code: number | null;
  /** Whether the kernel's OOM killer ended the last run. */
  readonly oom_killed: boolean;
  /** The time of the last start, ISO 8601. Null if the container never ran. */
  readonly started_at: string | null;
  /** The memory limit, KiB. */
  readonly max_mem_kb: number;
  /** The number of virtual processors whose time the container may use. */
  readonly num_cpu: number;
  /** Memory in use, KiB. Present only if usage was requested and the container runs. */
  readonly mem_kb?: number;
  /**
   * Processor time used since the last start, nanoseconds. Present only if usage was requested and the container runs.
   */
  readonly cpu_time_ns?: number;
}
