import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NetworkInfo } from '../../../interfaces/index.js';
import { engineNetworkName, label } from '../../../lib/common/index.js';
import { type ContainerInspect, containerRef, type Engine } from '../../../lib/engine/index.js';
import { Networks } from '../../../lib/network/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const id = 'a'.repeat(64);
const networkId = 'b'.repeat(64);
const name = engineNetworkName('net');
const mac = 'fa:16:3e:00:00:05';
const ports: NetworkInfo = [
  {
    id: 'port',
    address: mac,
    network: {
      id: 'net',
      subnets: [
        {
          cidr: '10.77.1.0/24',
          version: 4,
          gateway: { address: '10.77.1.1' },
          ips: [{ address: '10.77.1.5', type: 'fixed', version: 4 }],
        },
      ],
    },
  },
];

describe('Networks on an engine that sends unset addresses as empty texts (29.0 to 29.1.5)', () => {
  let fake: FakeEngine;
  let engine: Engine;
  let networks: Networks;
  let isRunning: boolean;
  /** The endpoint's NetworkID. */
  let joined: string;

  beforeEach(async () => {
    [isRunning, joined] = [true, networkId];
    fake = await FakeEngine.start((request, response) => {
      const { method = '', url = '' } = request;
      if (method !== 'GET') response.writeHead(200).end();
      else if (url.includes('/networks/')) answerJson(response, 200, network());
      else if (url.includes('/containers/json')) answerJson(response, 200, []);
      else answerJson(response, 200, container());
    });
    fake.version = { ...fake.version, Version: '29.1.0', ApiVersion: '1.52', MinAPIVersion: '1.44' };
    engine = fake.client();
    const reserved = { conflict: () => Promise.resolve(undefined) };
    networks = new Networks({ engine, host: 'node-1', reserved, logger: noOpLogger });
  });
  afterEach(() => fake.stop());

  const network = (): object => ({
    ...{ Id: networkId, Name: name, Created: '', Scope: 'local', Driver: 'bridge', EnableIPv6: false },
    ...{ Internal: false, Options: {}, Labels: { [label.networkId]: 'net' } },
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [{ Subnet: '10.77.1.0/24', IPRange: '', Gateway: '10.77.1.1' }],
    },
    Containers: {
      [id]: { Name: 'x', EndpointID: '', MacAddress: mac, IPv4Address: '10.77.1.5/24', IPv6Address: '' },
    },
  });
  const container = (): object => ({
    ...{ Id: id, Name: '/x', Created: '', Image: `sha256:${id}`, RestartCount: 0, Driver: 'overlayfs' },
    State: {
      ...{ Status: isRunning ? 'running' : 'created', Running: isRunning, Paused: false, Restarting: false },
      ...{ Dead: false, OOMKilled: false, Pid: 0, ExitCode: 0, Error: '', StartedAt: '', FinishedAt: '' },
    },
    Config: { Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false, Labels: {} },
    HostConfig: {
      ...{ NetworkMode: name, Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    Mounts: [],
    NetworkSettings: {
      Networks: {
        [name]: {
          IPAMConfig: { IPv4Address: '10.77.1.5', IPv6Address: '' },
          ...{ NetworkID: joined, EndpointID: '', Gateway: '10.77.1.1', IPAddress: '10.77.1.5' },
          ...{ IPPrefixLen: 24, IPv6Gateway: '', GlobalIPv6Address: '', MacAddress: mac },
        },
      },
    },
  });
  const inspect = (): Promise<ContainerInspect> => engine.containers.inspect(containerRef(id));
  /** The changes that the engine was asked for. */
  const changes = (): string[] => fake.requests.filter((line) => !line.startsWith('GET '));

  it('leaves the interface of a running container alone', async () => {
    await networks.plug(await inspect(), ports);
    expect(changes()).toEqual([]);
  });

  it('leaves the interface of a container alone that never ran, and so has no NetworkID', async () => {
    [isRunning, joined] = [false, ''];
    await networks.plug(await inspect(), ports);
    expect(changes()).toEqual([]);
  });

  it('connects a running container anew that is in another network of this name', async () => {
    joined = 'c'.repeat(64);
    await networks.plug(await inspect(), ports);
    expect(changes()).toEqual([expect.stringContaining('/disconnect'), expect.stringContaining('/connect')]);
  });

  it('detaches the interface', async () => {
    for (const vif of ports) await networks.detach(await inspect(), vif);
    expect(changes()).toContainEqual(expect.stringContaining(`/networks/${name}/disconnect`));
  });
});
