import { describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../../interfaces/index.js';
import { InvalidInput } from '../../../../interfaces/index.js';
import { imageReference } from '../../../../lib/engine/index.js';
import type { ContainerSpecification } from '../../../../lib/engine/index.js';
import { containerSpecification, withNetworks } from '../../../../lib/instances/index.js';
import type { InstancePolicy } from '../../../../lib/instances/index.js';
import { newFlavor, newImageMeta, newInstance } from '../../../support/nova-objects.js';

const image_id = '1260c41d-a2ff-4026-91bc-96d07519a88e';
const attempt = { host: 'node-1', id: 'tmp-00', power_on: true };
const policy: InstancePolicy = {
  maxPids: 4096,
  maxOpenFiles: { soft: 1024, hard: 4096 },
  allowPrivileged: false,
  logs: { maxBytes: 2_000_000, maxFiles: 4 },
};

function specify(
  changes: Partial<Instance> = {},
  properties: Record<string, unknown> = {},
  allowed: Partial<InstancePolicy> = {},
  NetworkMode = 'none',
): ContainerSpecification {
  const specification = containerSpecification(
    newInstance(changes),
    {
      meta: newImageMeta(image_id, properties),
      reference: imageReference('nova-docker-driver.invalid/image', image_id),
    },
    attempt,
    { ...policy, ...allowed },
  );
  return withNetworks(specification, { Labels: {}, HostConfig: { NetworkMode } });
}

const specifyIn = (NetworkMode: string, changes: Partial<Instance>): ContainerSpecification =>
  specify(changes, {}, {}, NetworkMode);

const limits = (extra_specs: Record<string, string>, flavor = {}): ContainerSpecification['HostConfig'] =>
  specify({ flavor: newFlavor({ extra_specs, ...flavor }) }).HostConfig;

describe('containerSpecification', () => {
  it('limits memory and swap to those of the flavor', () => {
    expect(limits({}, { memory_mb: 64 })).toMatchObject({ Memory: 67108864, MemorySwap: 67108864 });
    expect(limits({}, { memory_mb: 64, swap: 32 })).toMatchObject({
      Memory: 67108864,
      MemorySwap: 100663296,
    });
  });

  it('limits CPU time to the virtual CPUs of the flavor', () => {
    expect(limits({}, { vcpus: 2 })).toMatchObject({ CpuShares: 2048, CpuPeriod: 100000, CpuQuota: 200000 });
  });

  it('reads quota:cpu_* as Nova does: the quota is per virtual CPU', () => {
    const extra_specs = {
      'quota:cpu_shares': '512',
      'quota:cpu_period': '20000',
      'quota:cpu_quota': '10000',
    };
    expect(limits(extra_specs, { vcpus: 2 })).toMatchObject({
      CpuShares: 512,
      CpuPeriod: 20000,
      CpuQuota: 20000,
    });
  });

  it('bounds the log, with a log driver that every engine can read', () => {
    expect(specify().HostConfig?.LogConfig).toEqual({
      Type: 'json-file',
      Config: { 'max-size': '2000000', 'max-file': '4' },
    });
  });

  it('limits processes by default, and by the flavor', () => {
    expect(limits({})).toMatchObject({ PidsLimit: 4096 });
    expect(limits({ 'docker:pids_limit': '50' })).toMatchObject({ PidsLimit: 50 });
  });

  it('limits open files, so that no default of the engine counts', () => {
    expect(limits({})).toMatchObject({ Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }] });
  });

  it('limits disk rates on the configured device, and refuses them without one', () => {
    const flavor = newFlavor({
      extra_specs: { 'quota:disk_read_bytes_sec': '1048576', 'quota:disk_write_iops_sec': '100' },
    });
    expect(specify({ flavor }, {}, { blockDevice: '/dev/sda' }).HostConfig).toMatchObject({
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1048576 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 100 }],
    });
    expect(() => specify({ flavor })).toThrow(
      expect.objectContaining({ name: 'ComputeResourcesUnavailable' }),
    );
  });

  it.each(['0', '-1', '9007199254740993'])(
    'sets no limit on CPU time for a quota:cpu_quota of %s',
    (quota) => {
      expect(limits({ 'quota:cpu_quota': quota }, { vcpus: 2 })).toMatchObject({
        CpuPeriod: 100000,
        CpuQuota: -1,
      });
    },
  );

  it('treats a quota:cpu_period and quota:cpu_shares of 0 as unset, as Nova does', () => {
    const extra_specs = { 'quota:cpu_period': '0', 'quota:cpu_shares': '0' };
    expect(limits(extra_specs, { vcpus: 2 })).toMatchObject({
      CpuShares: 2048,
      CpuPeriod: 100000,
      CpuQuota: 200000,
    });
  });

  it('sets no disk rate for a quota:disk_* of 0, and needs no device for it', () => {
    const unlimited = {
      'quota:disk_read_bytes_sec': '0',
      'quota:disk_write_bytes_sec': '0',
      'quota:disk_read_iops_sec': '0',
      'quota:disk_write_iops_sec': '0',
    };
    for (const blockDevice of [undefined, '/dev/sda']) {
      const { HostConfig: host } = specify(
        { flavor: newFlavor({ extra_specs: unlimited }) },
        {},
        { blockDevice },
      );
      expect(Object.keys(host ?? {}).filter((name) => name.startsWith('Blkio'))).toEqual([]);
    }
  });

  it.each([
    ['quota:cpu_shares', '-1'],
    ['quota:cpu_period', '-1'],
    ['quota:cpu_period', '1.5'],
    ['quota:cpu_quota', 'many'],
    ['quota:disk_read_bytes_sec', '-1'],
    ['quota:disk_write_iops_sec', ''],
  ])('refuses a %s of %p', (name, value) => {
    const refused = (): unknown => limits({ [name]: value });
    expect(refused).toThrow(InvalidInput);
    expect(refused).toThrow(name);
  });

  it("pins to the CPUs of the instance's topology, and refuses a dedicated flavor without one", () => {
    const flavor = newFlavor({ extra_specs: { 'hw:cpu_policy': 'dedicated' } });
    const numa_topology = { cells: [{ id: 0, cpu_pinning: { 0: 3, 1: 5 } }] };
    expect(specify({ flavor, numa_topology }).HostConfig).toMatchObject({ CpusetCpus: '3,5' });
    expect(() => specify({ flavor })).toThrow(
      expect.objectContaining({ name: 'ComputeResourcesUnavailable' }),
    );
  });

  it.each(['0', '-1', 'many', '1.5', ''])('refuses %p as docker:pids_limit', (value) => {
    expect(() => limits({ 'docker:pids_limit': value })).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });

  it('grants no new privileges, no host namespace and no further capability', () => {
    const { HostConfig: host } = specify();
    expect(host).toMatchObject({ Privileged: false, SecurityOpt: ['no-new-privileges'] });
    for (const name of ['CapAdd', 'PidMode', 'IpcMode', 'UTSMode', 'UsernsMode', 'Binds', 'Devices'])
      expect(host).not.toHaveProperty(name);
  });

  it('is privileged only when the configuration and the flavor both say so', () => {
    const flavor = newFlavor({ extra_specs: { 'docker:privileged': 'true' } });
    expect(specify({}, {}, { allowPrivileged: true }).HostConfig).toMatchObject({ Privileged: false });
    expect(specify({ flavor }, {}, { allowPrivileged: true }).HostConfig).toMatchObject({ Privileged: true });
    expect(() => specify({ flavor })).toThrow(
      expect.objectContaining({ name: 'ComputeResourcesUnavailable' }),
    );
  });

  it('takes the command from the image property, split as a shell would', () => {
    expect(specify({}, { os_command_line: `sh -c 'echo "two words"'` }).Cmd).toEqual([
      'sh',
      '-c',
      'echo "two words"',
    ]);
    expect(specify()).not.toHaveProperty('Cmd');
    for (const os_command_line of ['', `sh 'unclosed`, 'sh\0', `sh ${'x'.repeat(64 * 1024)}`])
      expect(() => specify({}, { os_command_line })).toThrow(
        expect.objectContaining({ name: 'ImageUnacceptable' }),
      );
  });

  it('passes metadata as environment, and refuses a key that cannot be a variable', () => {
    expect(specify({ metadata: { role: 'web', empty: '' } }).Env).toEqual(['role=web', 'empty=']);
    expect(() => specify({ metadata: { 'a=b': 'c' } })).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });

  it("sets the shutdown timeout of the image, or Nova's default", () => {
    expect(specify().StopTimeout).toBe(60);
    expect(specify({}, { os_shutdown_timeout: '5' }).StopTimeout).toBe(5);
    expect(() => specify({}, { os_shutdown_timeout: 'soon' })).toThrow(
      expect.objectContaining({ name: 'InvalidInput' }),
    );
  });

  it('sets every label of the driver, so that an image cannot forge one', () => {
    const { Labels: labels = {} } = specify();
    expect(Object.keys(labels).sort()).toMatchInlineSnapshot(`
      [
        "nova-docker-driver.flavor.ephemeral_gb",
        "nova-docker-driver.flavor.memory_mb",
        "nova-docker-driver.flavor.root_gb",
        "nova-docker-driver.flavor.vcpus",
        "nova-docker-driver.host",
        "nova-docker-driver.instance.image_id",
        "nova-docker-driver.instance.name",
        "nova-docker-driver.instance.project_id",
        "nova-docker-driver.instance.user_id",
        "nova-docker-driver.instance.uuid",
        "nova-docker-driver.network.id",
        "nova-docker-driver.spawn.attempt",
        "nova-docker-driver.spawn.power_on",
      ]
    `);
  });

  it('has a terminal only with serial consoles, and otherwise keeps output and errors apart', () => {
    expect(specify({}, {}, { serialConsole: {} })).toMatchObject({ Tty: true, OpenStdin: true });
    expect(specify()).not.toHaveProperty('Tty');
  });

  it.each(['lab', 'web-1.example.org', 'a_b.example.org', 'a'.repeat(64)])(
    'passes on unchanged a host name that a kernel accepts: %s',
    (hostname) => {
      const { Hostname, HostConfig: host } = specify({ hostname });
      expect(Hostname).toBe(hostname);
      expect(host).not.toHaveProperty('ExtraHosts');
    },
  );

  const domain = `${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.${'g'.repeat(60)}.org`;

  it('uses the first label of a longer host name, and puts the whole name into the hosts file', () => {
    const hostname = `web-1.${domain}`;
    expect(hostname).toHaveLength(253);
    const expected = { Hostname: 'web-1', HostConfig: { ExtraHosts: [`${hostname}:127.0.1.1`] } };
    expect(specify({ hostname })).toMatchObject(expected);
    expect(specifyIn('nova-net', { hostname })).toMatchObject(expected);
    expect(specify({ hostname })).not.toHaveProperty('Domainname');
  });

  it('truncates a label that is longer than DNS allows, and puts the whole name into the hosts file', () => {
    const hostname = `${'w'.repeat(100)}.example.org`;
    expect(specifyIn('nova-net', { hostname })).toMatchObject({
      Hostname: 'w'.repeat(63),
      HostConfig: { ExtraHosts: [`${hostname}:127.0.1.1`] },
    });
    expect(specifyIn('nova-net', { hostname: 'w'.repeat(255) })).toMatchObject({ Hostname: 'w'.repeat(63) });
  });

  it.each(['two words', '', 'a:127.0.0.1', 'line\nbreak', 'ä.example', 'a'.repeat(256)])(
    'refuses %p as a host name',
    (hostname) => {
      expect(() => specify({ hostname })).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    },
  );
});
