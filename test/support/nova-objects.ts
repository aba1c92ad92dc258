import { randomUUID } from 'node:crypto';
import type { Flavor, ImageMeta, Instance, NetworkInfo, RequestContext } from '../../interfaces/index.js';

/** The context of a member of one project, as Nova sends it. */
export const context: RequestContext = {
  user_id: '91912193c72e4b3cb3b268fed5c48757',
  project_id: '18366ae03d954d6e924968c012ea5412',
  is_admin: false,
  roles: ['member'],
  auth_token: null,
};

/** A small flavor. */
export function newFlavor(changes: Partial<Flavor> = {}): Flavor {
  return {
    id: 1,
    flavorid: '42',
    name: 'm1.nano',
    memory_mb: 64,
    vcpus: 1,
    root_gb: 1,
    ephemeral_gb: 0,
    swap: 0,
    ...changes,
  };
}

/** An instance that no other test uses. */
export function newInstance(changes: Partial<Instance> = {}): Instance {
  const uuid = randomUUID();
  return {
    uuid,
    name: `instance-${uuid.slice(0, 8)}`,
    hostname: 'lab',
    display_name: 'lab',
    project_id: context.project_id ?? null,
    user_id: context.user_id ?? null,
    metadata: {},
    system_metadata: {},
    key_data: null,
    user_data: null,
    flavor: newFlavor(),
    ...changes,
  };
}

/** The metadata of an image, as Nova sends it. */
export function newImageMeta(id: string, properties: Record<string, unknown> = {}): ImageMeta {
  return { id, container_format: 'docker', disk_format: 'raw', min_ram: 0, min_disk: 0, properties };
}

/** Subnets 10.128.0.0/24 to 10.191.255.0/24; tests give the host networks of its own below 10.128.0.0. */
const testSubnets = 64 * 256;
let nextSubnet = Math.floor(Math.random() * testSubnets);

/** A network with a subnet that no other test uses, and ports in it. */
export class TestNetwork {
  readonly id = randomUUID();
  readonly #subnet = freeSubnet();

  get cidr(): string {
    return `${this.#subnet}.0/24`;
  }

  get gateway(): string {
    return `${this.#subnet}.1`;
  }

  /** The address whose last number this is. */
  address(last: number): string {
    return `${this.#subnet}.${String(last)}`;
  }

  /** One interface in this network, as Neutron describes it to Nova. */
  port(last: number, mac = `fa:16:3e:00:00:${last.toString(16).padStart(2, '0')}`): NetworkInfo {
    return [
      {
        id: randomUUID(),
        address: mac,
        type: 'bridge',
        network: {
          id: this.id,
          bridge: `brq${this.id.slice(0, 11)}`,
          label: 'lab',
          subnets: [
            {
              cidr: this.cidr,
              gateway: { address: this.gateway, type: 'gateway', version: 4 },
              dns: [{ address: this.address(253), type: 'dns', version: 4 }],
              ips: [{ address: this.address(last), type: 'fixed', version: 4, floating_ips: [] }],
              routes: [],
              version: 4,
            },
          ],
          meta: { mtu: 1400 },
        },
      },
    ];
  }
}

function freeSubnet(): string {
  nextSubnet = (nextSubnet + 1) % testSubnets;
  return `10.${String(128 + Math.floor(nextSubnet / 256))}.${String(nextSubnet % 256)}`;
}
