/** The diagnostics of an instance. Nova: `nova.objects.Diagnostics`. */
export interface Diagnostics {
  readonly state: 'pending' | 'running' | 'paused' | 'shutdown' | 'crashed' | 'suspended';
  /** One of the driver names that Nova's API accepts. `hypervisor` names the actual hypervisor. */
  readonly driver: HypervisorDriver;
  readonly hypervisor: string;
  readonly hypervisor_os: string;
  /** Seconds since the instance started. */
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

/** The driver names that Nova's API (microversion 2.48) accepts in diagnostics. Nova: `HypervisorDriver`. */
export type HypervisorDriver = 'ironic' | 'libvirt' | 'vmwareapi' | 'xenapi';

/** Traffic of one interface. */
export interface NicDiagnostics {
  /** Null if the interface cannot be identified. */
  readonly mac_address: string | null;
  readonly rx_octets: number;
  readonly rx_errors: number;
  readonly rx_drop: number;
  readonly rx_packets: number;
  /** Always null: an engine measures no rates. */
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
  /** Null if the engine does not count errors. */
  readonly errors_count: number | null;
}

/** The processor time of a host. Times in nanoseconds, frequency in MHz. Nova: `get_host_cpu_stats`. */
export interface HostCpuStats {
  readonly kernel: number;
  readonly idle: number;
  readonly user: number;
  readonly iowait: number;
  readonly frequency: number;
}

/** The I/O of an instance's volume. Nova: `get_all_volume_usage`. */
export interface VolumeUsage {
  readonly volume: string;
  readonly instance: { readonly uuid: string };
  readonly rd_req: number;
  readonly rd_bytes: number;
  readonly wr_req: number;
  readonly wr_bytes: number;
}
