import type { ContainerRef, ImageRef, VolumeName } from './schemas/identifiers.js';

/** A limit for one block device of the host, in bytes or operations a second. */
interface ThrottledDevice {
  /** For instance `/dev/sda`. */
  readonly Path: string;
  readonly Rate: number;
}

/** The rates of block devices. An update changes them since API 1.55; an empty list removes the limits. */
export interface DiskRates {
  readonly BlkioDeviceReadBps?: readonly ThrottledDevice[];
  readonly BlkioDeviceWriteBps?: readonly ThrottledDevice[];
  readonly BlkioDeviceReadIOps?: readonly ThrottledDevice[];
  readonly BlkioDeviceWriteIOps?: readonly ThrottledDevice[];
}

/** Limits that can be changed during a container's life. Sizes are in bytes. */
export interface ResourceLimits extends DiskRates {
  readonly Memory?: number;
  /** Memory plus swap. Equal to `Memory`: no swap; -1: unlimited. */
  readonly MemorySwap?: number;
  readonly CpuShares?: number;
  /** Microseconds. */
  readonly CpuPeriod?: number;
  /** Microseconds of CPU time in each period. */
  readonly CpuQuota?: number;
  /** For instance `0-2,4`. */
  readonly CpusetCpus?: string;
  readonly PidsLimit?: number;
}

/** A container's host configuration. Sizes are in bytes. */
export interface HostConfiguration extends ResourceLimits {
  readonly OomKillDisable?: boolean;
  readonly BlkioWeight?: number;
  /** Limits of each process. */
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly StorageOpt?: Readonly<Record<string, string>>;
  readonly ShmSize?: number;
  readonly SecurityOpt?: readonly string[];
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly Privileged?: boolean;
  readonly ReadonlyRootfs?: boolean;
  readonly IpcMode?: string;
  /** `none`, `bridge`, or the first network's name. */
  readonly NetworkMode?: string;
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly ExtraHosts?: readonly string[];
  readonly Init?: boolean;
  readonly Runtime?: string;
  readonly RestartPolicy?: {
    readonly Name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
    readonly MaximumRetryCount?: number;
  };
  /** Bind mounts, volumes and tmpfs. */
  readonly Mounts?: readonly MountSpecification[];
  /**
   * Ids of containers whose volumes are mounted here too, at the same paths. An anonymous volume is removed with the
   * last of its containers.
   */
  readonly VolumesFrom?: readonly string[];
  readonly LogConfig?: { readonly Type: string; readonly Config?: Readonly<Record<string, string>> };
}

/** A mount in a container. */
export interface MountSpecification {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  /** An absolute path in the container. */
  readonly Target: string;
  /** A volume's name, or a path of the host; omitted for `tmpfs`. */
  readonly Source?: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: 'rprivate' | 'private' };
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Labels?: Readonly<Record<string, string>> };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

/** The body of `POST /volumes/create`. */
export interface VolumeSpecification {
  readonly Name: VolumeName;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** The requested endpoint of a container in a network. */
export interface EndpointSpecification {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string };
  /**
   * Since API 1.44 when the container is created, since 1.54 in a later connect, which ignores it before. Before 1.44,
   * see {@link ContainerSpecification.MacAddress}.
   */
  readonly MacAddress?: string;
  readonly Aliases?: readonly string[];
  /** Options for the driver of the network. A bridge network ignores those that it does not know. */
  readonly DriverOpts?: Readonly<Record<string, string>>;
  /**
   * The endpoint of the highest priority that has a gateway gets the default route. Default: 0. Since API 1.48; earlier
   * engines ignore it.
   */
  readonly GwPriority?: number;
}

/** The body of `POST /containers/create`, as far as the driver uses it. */
export interface ContainerSpecification {
  readonly Image: ImageRef;
  readonly Hostname?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  /** Each `NAME=value`. */
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly StopSignal?: string;
  /** The periodic health check; `['NONE']` disables the image's. */
  readonly Healthcheck?: { readonly Test: readonly string[] };
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly NetworkDisabled?: boolean;
  /**
   * The MAC address in the first network. Since API 1.44 it belongs in the endpoint; from 1.52 on engines ignore it here.
   */
  readonly MacAddress?: string;
  readonly HostConfig?: HostConfiguration;
  /** Before API 1.44 at most one network. */
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, EndpointSpecification>> };
}

/** The network-related part of a container's specification. */
export type NetworkPart = Pick<ContainerSpecification, 'MacAddress' | 'NetworkingConfig' | 'HostConfig'> &
  Required<Pick<ContainerSpecification, 'Labels'>>;

/** The body of `POST /networks/create`. */
export interface NetworkSpecification {
  readonly Name: string;
  readonly Driver: string;
  /** Refuses a duplicate name. Since API 1.44 engines always do. */
  readonly CheckDuplicate?: boolean;
  readonly Internal?: boolean;
  /** Default: true. Since API 1.48; earlier engines ignore it and give every network an IPv4 subnet. */
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Readonly<Record<string, string>>;
    readonly Config?: readonly {
      readonly Subnet: string;
      readonly IPRange?: string;
      readonly Gateway?: string;
      readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
    }[];
  };
  readonly Options?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** A container to connect to a network. */
export interface NetworkConnection {
  readonly container: ContainerRef;
  readonly endpoint?: EndpointSpecification;
}

/** The body of `POST /containers/{id}/exec`. */
export interface ExecSpecification {
  readonly Cmd: readonly string[];
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly Tty?: boolean;
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Privileged?: boolean;
}
