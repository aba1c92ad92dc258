/** How an instance is doing. Nova: `nova.objects.Diagnostics`. */
export interface Diagnostics {
  readonly state: 'pending' | 'running' | 'paused' | 'shutdown' | 'crashed' | 'suspended';
  /** One of the drivers that Nova's API knows; `hypervisor` names what runs the instance. */
  readonly driver: HypervisorDriver;
  readonly hypervisor: string;
  readonly hypervisor_os: string;
  /** Seconds since it started. */
  readonly uptime: number;
  readonly config_drive: boolean;
  readonly num_cpus: number;
  readonly num_nics: number;
  readonly num_disks: number;
  /** MiB. */
  readonly memory_details: { readonly maximum: number; readonly used: number };
  /** `time` in nanoseconds, `utilisation` in percent. */
  readonly cpu_details: readonly {
    readonly id: number;
    readonly time: number;
    readonly utilisation: number | null;
  }[];
  readonly nic_details: readonly NicDiagnostics[];
  readonly disk_details: readonly DiskDiagnostics[];
}

/** The drivers that Nova's API (microversion 2.48) accepts in diagnostics. Nova: `HypervisorDriver`. */
export type HypervisorDriver = 'ironic' | 'libvirt' | 'vmwareapi' | 'xenapi';

/** Traffic of one interface. */
export interface NicDiagnostics {
  /** Null where it cannot be told which interface this is. */
  readonly mac_address: string | null;
  readonly rx_octets: number;
  readonly rx_errors: number;
  readonly rx_drop: number;
  readonly rx_packets: number;
  /** Null: an engine measures no rates. */
  readonly rx_rate: number | null;
  readonly tx_octets: number;
  readonly tx_errors: number;
  readonly tx_drop: number;
  readonly tx_packets: number;
  readonly tx_rate: number | null;
}

/** Traffic of one disk. */
export interface DiskDiagnostics {
  readonly read_bytes: number;
  readonly read_requests: number;
  readonly write_bytes: number;
  readonly write_requests: number;
  /** Null where nobody counts them. */
  readonly errors_count: number | null;
}

/** Use of the processors of a host. Nova: `get_host_cpu_stats`. Times in nanoseconds, frequency in MHz. */
export interface HostCpuStats {
  readonly kernel: number;
  readonly idle: number;
  readonly user: number;
  readonly iowait: number;
  readonly frequency: number;
}

/** Use of one volume of an instance. Nova: `get_all_volume_usage`. */
export interface VolumeUsage {
  readonly volume: string;
  readonly instance: { readonly uuid: string };
  readonly rd_req: number;
  readonly rd_bytes: number;
  readonly wr_req: number;
  readonly wr_bytes: number;
}
