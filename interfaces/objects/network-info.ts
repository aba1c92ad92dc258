/** The network of an instance, as Neutron gives it to Nova. Nova: `nova/network/model.py`. */

/** An address. */
export interface IP {
  readonly address: string;
  /** `fixed`, `floating`, `gateway`, `dns`. */
  readonly type?: string | null;
  readonly version?: number | null;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** A fixed address and the floating addresses that map to it. */
export interface FixedIP extends IP {
  readonly floating_ips?: readonly IP[];
}

/** A gateway. Its address is null if the subnet has none. */
export interface Gateway extends Omit<IP, 'address'> {
  readonly address: string | null;
}

/** A route of a subnet. */
export interface Route {
  readonly cidr: string;
  readonly gateway?: Gateway | null;
  readonly interface?: string | null;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** A subnet, with only the port's addresses. */
export interface Subnet {
  readonly cidr: string | null;
  readonly gateway?: Gateway | null;
  readonly dns?: readonly IP[];
  readonly ips?: readonly FixedIP[];
  readonly routes?: readonly Route[];
  readonly version?: number | null;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** A network, with only the port's subnets. */
export interface Network {
  readonly id: string;
  readonly bridge?: string | null;
  readonly label?: string | null;
  readonly subnets?: readonly Subnet[];
  readonly meta?: Readonly<{ mtu?: number | null; tenant_id?: string | null; [key: string]: unknown }>;
}

/** A virtual interface: a port of a network, and how to connect it. */
export interface VIF {
  readonly id: string;
  /** The MAC address. */
  readonly address: string | null;
  readonly network: Network;
  /** How the port is bound: `bridge`, `ovs`, … */
  readonly type?: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly devname?: string | null;
  readonly ovs_interfaceid?: string | null;
  readonly qbh_params?: unknown;
  readonly qbg_params?: unknown;
  readonly active?: boolean;
  readonly vnic_type?: string | null;
  readonly profile?: Readonly<Record<string, unknown>> | null;
  readonly preserve_on_delete?: boolean;
  readonly delegate_create?: boolean;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** The interfaces of an instance, in their order inside it. */
export type NetworkInfo = readonly VIF[];
