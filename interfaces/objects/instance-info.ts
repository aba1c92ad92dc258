import type { PowerState } from '../constants/power-state.js';

/** What `get_info` tells. Nova: `nova.virt.hardware.InstanceInfo`, which has the first two fields. */
export interface InstanceInfo {
  readonly state: PowerState;
  /** The container's id. */
  readonly internal_id: string;
  /** The exit status of its last run; null while it runs or before it ran. */
  readonly exit_code: number | null;
  /** Whether the kernel ended its last run for want of memory. */
  readonly oom_killed: boolean;
  /** When it last started, ISO 8601; null before it ran. */
  readonly started_at: string | null;
  /** The memory that it may use, KiB. */
  readonly max_mem_kb: number;
  /** The virtual processors that it may use the time of. */
  readonly num_cpu: number;
  /** Memory in use, KiB; only when usage was asked for, and it runs. */
  readonly mem_kb?: number;
  /** Processor time used since it started, nanoseconds; only when usage was asked for, and it runs. */
  readonly cpu_time_ns?: number;
}
