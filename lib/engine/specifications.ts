import type { ContainerRef, ImageRef, VolumeName } from './schemas/identifiers.js';

/** Bytes or operations a second for one device of the host. */
interface ThrottledDevice {
  /** Such as `/dev/sda`. */
  readonly Path: string;
  readonly Rate: number;
}

/** What a container gets of its host and can be changed while it lives. Sizes are in bytes. */
export interface ResourceLimits {
  readonly Memory?: number;
  /** Memory and swap together; equal to `Memory` means no swap, -1 unlimited. */
  readonly MemorySwap?: number;
  readonly CpuShares?: number;
  /** Microseconds. */
  readonly CpuPeriod?: number;
  /** Microseconds of processor time in each period. */
  readonly CpuQuota?: number;
  /** Such as `0-2,4`. */
  readonly CpusetCpus?: string;
  readonly PidsLimit?: number;
}

/** What a container gets of its host. Sizes are in bytes. */
export interface HostConfiguration extends ResourceLimits {
  readonly OomKillDisable?: boolean;
  readonly BlkioWeight?: number;
  readonly BlkioDeviceReadBps?: readonly ThrottledDevice[];
  readonly BlkioDeviceWriteBps?: readonly ThrottledDevice[];
  readonly BlkioDeviceReadIOps?: readonly ThrottledDevice[];
  readonly BlkioDeviceWriteIOps?: readonly ThrottledDevice[];
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
  /** File systems of the host and of the engine that appear in the container. */
  readonly Mounts?: readonly MountSpecification[];
  /**
   * Ids of containers whose volumes this one has too, in the same places; an anonymous one is then removed with
   * whichever container goes last.
   */
  readonly VolumesFrom?: readonly string[];
  readonly LogConfig?: { readonly Type: string; readonly Config?: Readonly<Record<string, string>> };
}

/** A directory that appears in a container. */
export interface MountSpecification {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  /** Absolute, in the container. */
  readonly Target: string;
  /** A volume's name, or a path of the host; none for `tmpfs`. */
  readonly Source?: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: 'rprivate' | 'private' };
  readonly VolumeOptions?: { readonly NoCopy?: boolean; readonly Labels?: Readonly<Record<string, string>> };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

/** A volume to be made: the body of `POST /volumes/create`. */
export interface VolumeSpecification {
  readonly Name: VolumeName;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** A container's place in a network, as asked for. */
export interface EndpointSpecification {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string };
  /**
   * Since API 1.44, and only when the container is created: 28.5 does not heed it when a container is connected later.
   * Before, see {@link ContainerSpecification.MacAddress}.
   */
  readonly MacAddress?: string;
  readonly Aliases?: readonly string[];
}

/** A container to be made: the body of `POST /containers/create`, as far as the driver uses it. */
export interface ContainerSpecification {
  readonly Image: ImageRef;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  /** `NAME=value` each. */
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly StopSignal?: string;
  /** What engines run in the container again and again; `['NONE']` for nothing, whatever its image says. */
  readonly Healthcheck?: { readonly Test: readonly string[] };
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly NetworkDisabled?: boolean;
  /** Of the first network; engines from API 1.44 on want it in the endpoint and take it here too. */
  readonly MacAddress?: string;
  readonly HostConfig?: HostConfiguration;
  /** Before API 1.44 only that of the first network. */
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, EndpointSpecification>> };
}

/** The part of a container's specification that says how it is connected. */
export type NetworkPart = Pick<ContainerSpecification, 'MacAddress' | 'NetworkingConfig' | 'HostConfig'>;

/** A network to be made: the body of `POST /networks/create`. */
export interface NetworkSpecification {
  readonly Name: string;
  readonly Driver: string;
  /** Refuses a second network of the name; engines from API 1.44 on always do. */
  readonly CheckDuplicate?: boolean;
  readonly Internal?: boolean;
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

/** A container to be put into a network. */
export interface NetworkConnection {
  readonly container: ContainerRef;
  readonly endpoint?: EndpointSpecification;
}

/** A process to be started in a container: the body of `POST /containers/{id}/exec`. */
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
