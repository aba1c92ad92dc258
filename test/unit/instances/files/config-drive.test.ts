import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { ImageMeta, Instance, NetworkInfo } from '../../../../interfaces/index.js';
import type { ConfigDrivePolicy } from '../../../../lib/instances/index.js';
import { configDriveFiles } from '../../../../lib/instances/index.js';
import { image_meta, instance, network_info } from '../../../support/nova-call.js';
import { newImageMeta, newInstance } from '../../../support/nova-objects.js';

const policy: ConfigDrivePolicy = { forceConfigDrive: false, vendorData: {} };
const seed = 'var/lib/cloud/seed/config_drive/openstack/';
const jsonObject = z.record(z.string(), z.unknown());

interface Drive {
  readonly instance?: Instance;
  readonly image?: ImageMeta;
  readonly policy?: Partial<ConfigDrivePolicy>;
  readonly given?: Parameters<typeof configDriveFiles>[2];
}

/** Returns the files of a drive, by their path below the seed. */
function drive(what: Drive): Map<string, string> {
  const asking = { ...(what.instance ?? newInstance()) };
  const files = configDriveFiles(asking, what.image ?? newImageMeta('x'), what.given ?? {}, {
    ...policy,
    ...what.policy,
  });
  return new Map(
    files.map(({ path, contents, mode, uid }) => {
      expect([path.startsWith(seed), mode, uid]).toEqual([true, 0o600, 0]);
      return [path.slice(seed.length), contents?.toString() ?? ''];
    }),
  );
}

function read(files: Map<string, string>, name: string): Record<string, unknown> {
  return jsonObject.parse(JSON.parse(files.get(`latest/${name}.json`) ?? 'null'));
}

const asked = (changes: Partial<Instance> = {}): Instance =>
  newInstance({ config_drive: 'True', ...changes });

describe('a config drive', () => {
  it('exists only if the instance, its image or the operator requests it', () => {
    expect(drive({ instance })).toHaveProperty('size', 0);
    expect(drive({ instance: newInstance({ config_drive: null }) })).toHaveProperty('size', 0);
    const optional = newImageMeta('x', { img_config_drive: 'optional' });
    expect(drive({ image: optional })).toHaveProperty('size', 0);
    const mandatory = newImageMeta('x', { img_config_drive: 'mandatory' });
    for (const each of [
      drive({ instance: asked() }),
      drive({ image: mandatory }),
      drive({ policy: { forceConfigDrive: true } }),
    ])
      expect([...each.keys()]).toEqual([
        'latest/meta_data.json',
        'latest/network_data.json',
        'latest/vendor_data.json',
        'latest/vendor_data2.json',
      ]);
  });

  it('holds for a recorded instance what Nova writes', () => {
    const files = drive({
      instance: { ...instance, config_drive: 'True' },
      image: image_meta,
      given: { network_info, injected_files: [], admin_password: 'sesame' },
    });
    const { random_seed, ...told } = read(files, 'meta_data');
    expect(told).toEqual({
      uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f',
      meta: { k: 'v' },
      admin_pass: 'sesame',
      hostname: 'lab',
      name: 'lab',
      launch_index: 0,
      availability_zone: 'nova',
      project_id: '18366ae03d954d6e924968c012ea5412',
      devices: [],
      dedicated_cpus: [],
    });
    expect(Buffer.from(String(random_seed), 'base64')).toHaveLength(512);
    // The output of nova/virt/netutils.py for the same network_info.
    expect(read(files, 'network_data')).toEqual({
      links: [
        {
          id: 'tap6e3c4fb6-a6',
          vif_id: '6e3c4fb6-a6a7-476b-a2f7-f3468472eefd',
          type: 'bridge',
          mtu: null,
          ethernet_mac_address: 'fa:16:3e:2f:42:e4',
        },
      ],
      networks: [
        {
          id: 'network0',
          type: 'ipv4_dhcp',
          link: 'tap6e3c4fb6-a6',
          network_id: '6c4cfd16-2e40-493c-8896-6e3cd024c997',
        },
      ],
      services: [{ type: 'dns', address: '10.77.0.253' }],
    });
    expect(read(files, 'vendor_data')).toEqual({});
    expect(read(files, 'vendor_data2')).toEqual({ static: {} });
  });

  it('leaves out password, metadata and network if there are none', () => {
    const files = drive({
      instance: asked({ metadata: {} }),
      given: { admin_password: '', network_info: [] },
    });
    expect(read(files, 'meta_data')).not.toHaveProperty('admin_pass');
    expect(read(files, 'meta_data')).not.toHaveProperty('meta');
    expect(read(files, 'network_data')).toEqual({});
  });

  it('numbers the injected files, and keeps their contents', () => {
    const files = drive({
      instance: asked(),
      given: {
        injected_files: [
          ['/etc/motd', 'hello'],
          ['/opt/x', Buffer.from('y')],
        ],
      },
    });
    expect(read(files, 'meta_data')).toMatchObject({
      files: [
        { path: '/etc/motd', content_path: '/content/0000' },
        { path: '/opt/x', content_path: '/content/0001' },
      ],
    });
    expect([files.get('content/0000'), files.get('content/0001')]).toEqual(['hello', 'y']);
  });

  it("holds the key, and its type if Nova's record has one", () => {
    const key = { key_name: 'mine', key_data: 'ssh-rsa AAAA' };
    expect(read(drive({ instance: asked(key) }), 'meta_data')).toMatchObject({
      public_keys: { mine: 'ssh-rsa AAAA' },
      keys: [{ name: 'mine', type: 'ssh', data: 'ssh-rsa AAAA' }],
    });
    const keypairs = { objects: [{ name: 'mine', type: 'x509', public_key: 'CERT' }] };
    expect(read(drive({ instance: asked({ ...key, keypairs }) }), 'meta_data')).toMatchObject({
      keys: [{ name: 'mine', type: 'x509', data: 'CERT' }],
    });
  });

  it('lists the CPUs that are dedicated to the instance', () => {
    const numa_topology = { cells: [{ cpu_pinning: { '3': 7, '2': 5 } }, { cpu_pinning: null }] };
    expect(read(drive({ instance: asked({ numa_topology }) }), 'meta_data')).toMatchObject({
      dedicated_cpus: [2, 3],
    });
  });

  it("holds the operator's vendor data for every instance", () => {
    const files = drive({ instance: asked(), policy: { vendorData: { ntp: ['10.0.0.1'] } } });
    expect(read(files, 'vendor_data')).toEqual({ ntp: ['10.0.0.1'] });
    expect(read(files, 'vendor_data2')).toEqual({ static: { ntp: ['10.0.0.1'] } });
  });

  it('describes fixed addresses of both IP versions, their routes and name servers', () => {
    const dns = (address: string): { address: string } => ({ address });
    const network: NetworkInfo = [
      { id: 'none', address: null, network: { id: 'n', subnets: [] } },
      {
        id: 'port',
        address: 'fa:16:3e:00:00:01',
        type: 'ovs',
        devname: 'tap1',
        network: {
          id: 'net',
          meta: { mtu: 1400 },
          subnets: [
            {
              cidr: '10.77.0.0/24',
              version: 4,
              gateway: { address: '10.77.0.1' },
              dns: [dns('10.77.0.253')],
              ips: [{ address: '10.77.0.132' }],
              routes: [{ cidr: '192.168.5.77/20', gateway: { address: '10.77.0.9' } }],
            },
            {
              cidr: '2001:db8:1::/56',
              version: 6,
              gateway: { address: '2001:db8:1::1' },
              dns: [dns('10.77.0.253'), dns('2001:db8::53')],
              ips: [{ address: '2001:db8:1::5' }],
              routes: [{ cidr: '2001:db8:ff00::/40', gateway: { address: '2001:db8:1::2' } }],
            },
          ],
        },
      },
      {
        id: 'other',
        address: 'fa:16:3e:00:00:02',
        type: 'other',
        network: {
          id: 'net2',
          subnets: [
            {
              cidr: '2001:db8:2::/64',
              version: 6,
              ips: [{ address: '2001:db8:2::7' }],
              meta: { ipv6_address_mode: 'slaac', dhcp_server: 'fe80::1' },
            },
          ],
        },
      },
    ];
    const told = read(drive({ instance: asked(), given: { network_info: network } }), 'network_data');
    // The output of nova/virt/netutils.py for such networks.
    expect(told).toEqual({
      links: [
        { id: 'tap1', vif_id: 'port', type: 'ovs', mtu: 1400, ethernet_mac_address: 'fa:16:3e:00:00:01' },
        {
          id: 'interface1',
          vif_id: 'other',
          type: 'phy',
          mtu: null,
          ethernet_mac_address: 'fa:16:3e:00:00:02',
        },
      ],
      networks: [
        {
          id: 'network0',
          type: 'ipv4',
          link: 'tap1',
          ip_address: '10.77.0.132',
          netmask: '255.255.255.0',
          routes: [
            { network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.77.0.1' },
            { network: '192.168.0.0', netmask: '255.255.240.0', gateway: '10.77.0.9' },
          ],
          network_id: 'net',
          services: [{ type: 'dns', address: '10.77.0.253' }],
        },
        {
          id: 'network1',
          type: 'ipv6',
          link: 'tap1',
          ip_address: '2001:db8:1::5',
          netmask: 'ffff:ffff:ffff:ff00::',
          routes: [
            { network: '::', netmask: '::', gateway: '2001:db8:1::1' },
            { network: '2001:db8:ff00::', netmask: 'ffff:ffff:ff00::', gateway: '2001:db8:1::2' },
          ],
          network_id: 'net',
          services: [
            { type: 'dns', address: '10.77.0.253' },
            { type: 'dns', address: '2001:db8::53' },
          ],
        },
        {
          id: 'network2',
          type: 'ipv6_slaac',
          link: 'interface1',
          ip_address: '2001:db8:2::7',
          netmask: 'ffff:ffff:ffff:ffff::',
          routes: [],
          network_id: 'net2',
          services: [],
        },
      ],
      services: [
        { type: 'dns', address: '10.77.0.253' },
        { type: 'dns', address: '2001:db8::53' },
      ],
    });
  });

  it.each(['10.0.0.0/024', '10.0.0.0/24/24', 'fd00::%eth0/64', '10.0.0.0'])(
    'refuses a route to %p, which networks refuse as a subnet, too',
    (cidr) => {
      const subnet = {
        cidr: '10.77.0.0/24',
        version: 4,
        ips: [{ address: '10.77.0.132' }],
        routes: [{ cidr }],
      };
      const network: NetworkInfo = [{ id: 'port', address: null, network: { id: 'net', subnets: [subnet] } }];
      expect(() => drive({ instance: asked(), given: { network_info: network } })).toThrow(
        expect.objectContaining({ name: 'InvalidInput', message: expect.stringContaining(cidr) }),
      );
    },
  );
});
