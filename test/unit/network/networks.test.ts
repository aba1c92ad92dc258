import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NetworkInfo } from '../../../interfaces/index.js';
import { engineNetworkName, label } from '../../../lib/common/index.js';
import { type ContainerInspect, containerRef, type Engine } from '../../../lib/engine/index.js';
import { Networks } from '../../../lib/network/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const id = 'a'.repeat(64);
const ports: NetworkInfo = ['first', 'second'].map((net) => ({
  id: `port in ${net}`,
  address: null,
  network: { id: net },
}));

describe('Networks on an engine that fails', () => {
  let fake: FakeEngine;
  let engine: Engine;
  /** The names of the networks that the container is in. */
  let joined: Set<string>;
  let isBroken: boolean;
  /** How many answers to a connection are lost. */
  let lost: number;
  let networks: Networks;
  const errors: string[] = [];

  beforeEach(async () => {
    [joined, isBroken, lost] = [new Set(), false, 0];
    errors.length = 0;
    fake = await FakeEngine.start((request, response) => {
      const { method = '', url = '' } = request;
      const [, name = ''] = /networks\/([^/?]+)/.exec(url) ?? [];
      if (name === '') answerJson(response, 200, inspected());
      else if (isBroken) answerJson(response, 500, { message: 'broken' });
      else if (method === 'GET') answerJson(response, 200, network(name));
      else if (url.endsWith('/connect')) {
        joined.add(name);
        lost -= 1;
        if (lost >= 0) response.destroy();
        else response.writeHead(200).end();
      } else {
        joined.delete(name);
        response.writeHead(200).end();
      }
    });
    engine = fake.client();
    const logger = { ...noOpLogger, error: (message: string) => void errors.push(message) };
    const reserved = { conflict: () => Promise.resolve(undefined) };
    networks = new Networks({ engine, host: 'node-1', reserved, logger });
  });
  afterEach(() => fake.stop());

  const network = (name: string): object => ({
    ...{ Id: 'b'.repeat(64), Name: name, Created: '', Scope: 'local', Driver: 'bridge', EnableIPv6: false },
    ...{
      Internal: false,
      IPAM: { Driver: 'default', Options: null, Config: [] },
      Containers: {},
      Options: {},
    },
    Labels: { [label.networkId]: name.slice(engineNetworkName('').length) },
  });
  const inspected = (): object => ({
    ...{ Id: id, Name: '/x', Created: '', Image: `sha256:${id}`, RestartCount: 0, Path: 'x', Args: [] },
    State: {
      ...{ Status: 'exited', Running: false, Paused: false, Restarting: false, Dead: false },
      ...{ OOMKilled: false, Pid: 0, ExitCode: 0, Error: '', StartedAt: '', FinishedAt: '' },
    },
    Config: { Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false, Labels: {} },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    ...{ Driver: 'overlay2', Mounts: [] },
    NetworkSettings: {
      Networks: Object.fromEntries(
        [...joined].map((name) => [
          name,
          {
            ...{ IPAMConfig: null, NetworkID: '', EndpointID: '', Gateway: '', IPAddress: '' },
            ...{ IPPrefixLen: 0, IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0 },
            MacAddress: '',
          },
        ]),
      ),
    },
  });
  const inspect = (): Promise<ContainerInspect> => engine.containers.inspect(containerRef(id));

  it('keeps a connection that is made although a network that was left cannot be removed', async () => {
    joined.add(engineNetworkName('first'));
    const reconnection = await networks.prepareReconnection(await inspect(), []);
    await reconnection.connect();
    isBroken = true;
    await reconnection.keep();
    expect([...joined]).toEqual([]);
    expect(errors).toEqual([expect.stringContaining('could not remove')]);
  });

  it('connects a new container to a further network although the answer is lost', async () => {
    const wiring = await networks.prepare(ports);
    lost = 1;
    await networks.connectFurther((await inspect()).Id, wiring);
    expect([...joined]).toEqual([engineNetworkName('second')]);
  });
});
