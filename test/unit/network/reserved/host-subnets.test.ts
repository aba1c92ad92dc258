import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { endianness, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { engineProcess, ownProcess } from '../../../../lib/network/reserved/engine-process.js';
import { reservationsIn } from '../../../../lib/network/reserved/host-network.js';
import { HostSubnets } from '../../../../lib/network/reserved/host-subnets.js';
import { noOpLogger } from '../../../support/silent-logger.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nova-net-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('reservationsIn', () => {
  /** Prints an IPv4 address as the kernel of this machine does. */
  const printed = (address: string): string => {
    const bytes = Buffer.from(address.split('.').map(Number));
    return (endianness() === 'LE' ? bytes.reverse() : bytes).toString('hex').toUpperCase();
  };
  const route = (device: string, to: string, mask: string, gateway = '0.0.0.0', flags = '0001'): string =>
    `${device}\t${printed(to)}\t${printed(gateway)}\t${flags}\t0\t0\t0\t${printed(mask)}\t0\t0\t0`;
  const reservations = async (): Promise<string[]> => (await reservationsIn(folder)).map(({ what }) => what);

  it('returns the routes, gateways and addresses of a network namespace', async () => {
    await writeFile(
      join(folder, 'route'),
      [
        'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
        route('eth0', '0.0.0.0', '0.0.0.0', '10.99.99.1', '0003'),
        route('eth0', '10.99.99.0', '255.255.255.0'),
        route('tun0', '172.16.0.0', '255.240.0.0', '10.8.0.1', '0003'),
      ].join('\n'),
    );
    await writeFile(
      join(folder, 'ipv6_route'),
      [
        `${'fd00000000000000'.padEnd(32, '0')} 40 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 00000001     eth0`,
        `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe80000000000000${'1'.padStart(16, '0')} 00000400 00000002 00000000 00000003     eth0`,
      ].join('\n'),
    );
    await writeFile(
      join(folder, 'fib_trie'),
      'Local:\n  +-- 0.0.0.0/0 3 0 5\n        |-- 10.99.99.7\n           /32 host LOCAL\n        |-- 10.99.99.255\n           /32 link BROADCAST\n',
    );
    expect(await reservations()).toEqual([
      'the gateway 10.99.99.1 of the host (eth0)',
      'the route 10.99.99.0/24 of the host (eth0)',
      'the route 172.16.0.0/12 of the host (tun0)',
      'the gateway 10.8.0.1 of the host (tun0)',
      'the route fd00:0:0:0:0:0:0:0/64 of the host (eth0)',
      'the gateway fe80:0:0:0:0:0:0:1 of the host (eth0)',
      'the address 10.99.99.7 of the host',
    ]);
  });

  it('leaves out routes to everywhere, reject routes, and networks of the engine', async () => {
    await writeFile(
      join(folder, 'route'),
      [
        route('tun0', '0.0.0.0', '128.0.0.0'),
        route('tun0', '128.0.0.0', '128.0.0.0'),
        route('*', '10.0.0.0', '255.0.0.0', '0.0.0.0', '0201'),
        route('br-0123456789ab', '10.1.0.0', '255.255.255.0'),
      ].join('\n'),
    );
    await writeFile(
      join(folder, 'fib_trie'),
      '        |-- 10.1.0.1\n           /32 host LOCAL\n        |-- 127.0.0.1\n           /32 host LOCAL\n',
    );
    expect(await reservations()).toEqual(['the address 127.0.0.1 of the host']);
  });
});

describe('the network namespace of an engine', () => {
  it("is that of this process if the engine's socket listens in it", async () => {
    const socket = join(folder, 'docker.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    expect(await engineProcess(socket)).toBe(ownProcess);
    await new Promise((resolve) => server.close(resolve));
    expect(await engineProcess(socket)).toBeUndefined();
  });
});

describe('HostSubnets', () => {
  const reserved = (
    host: Partial<ConstructorParameters<typeof HostSubnets>[0]> = {},
    servers: readonly string[] = [],
  ): HostSubnets =>
    new HostSubnets({
      address: { socketPath: join(folder, 'nowhere.sock') },
      reservedSubnets: [],
      servers: () => Promise.resolve(servers),
      logger: noOpLogger,
      ...host,
    });

  it.each(['10.4.0.0/16', '10.4.7.0/24', '10.0.0.0/8'])(
    'reports a conflict with a subnet that the operator reserves: %s',
    async (cidr) => {
      const conflict = await reserved({ reservedSubnets: ['10.4.0.0/16'] }).conflict([cidr], undefined);
      expect(conflict).toBe('10.4.0.0/16 of the option reservedSubnets');
    },
  );

  it("reports a conflict with an address of this machine, even if the engine's socket does not exist", async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses = []) => addresses)
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    if (own === undefined) return;
    expect(await reserved().conflict([`${own.address}/32`], undefined)).toMatch(/of the host/);
  });

  it('reports a conflict with a server that the driver uses, by name and by address', async () => {
    const servers = ['https://[2001:db8:7::9]:9292', 'http://203.0.113.9:5000/v3', 'http://localhost/'];
    const host = reserved({}, servers);
    expect(await host.conflict(['203.0.113.0/28'], undefined)).toBe(
      'the server 203.0.113.9 of the driver (203.0.113.9)',
    );
    expect(await host.conflict(['2001:db8:7::/64'], undefined)).toMatch(/of the driver/);
    expect(await host.conflict(['203.0.114.0/28'], undefined)).toBeUndefined();
  });

  it('considers the address of a remote engine, and nothing of this machine', async () => {
    const servers = ['http://203.0.113.9:5000/v3'];
    const host = reserved({ address: { hostname: '198.51.100.4', port: 2376 } }, servers);
    expect(await host.conflict(['198.51.100.0/24'], undefined)).toBe(
      'the engine at 198.51.100.4 (198.51.100.4)',
    );
    expect(await host.conflict(['203.0.113.0/28'], undefined)).toBeUndefined();
  });

  it('fails when the image service cannot list its servers, and so allows no subnet unchecked', async () => {
    const silent = { servers: () => Promise.reject(new Error('Keystone is away')) };
    await expect(reserved(silent).conflict(['203.0.113.0/28'], undefined)).rejects.toThrow(
      'Keystone is away',
    );
  });

  it.each(['no url', 'glance.example:9292', '10.0.0.5:9292', 'file:///images'])(
    'are not known where the service calls %p a server',
    async (url) => {
      await expect(reserved({}, [url]).conflict(['203.0.113.0/28'], undefined)).rejects.toMatchObject({
        name: 'NovaException',
        message: expect.stringContaining(url),
      });
    },
  );
});
