import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NetworkInfo } from '../../interfaces/index.js';
import { reboot_type } from '../../interfaces/index.js';
import type { Engine } from '../../lib/engine/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { containersOf, directEngine, engineHost } from '../support/engine.js';
import { TestNetwork } from '../support/nova-objects.js';

describe('a verb that changes interfaces, when the engine fails halfway', () => {
  let harness: Harness;
  let engine: Engine;
  let proxy: FaultProxy;
  beforeAll(async () => {
    engine = directEngine();
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host });
  });
  afterAll(async () => {
    await harness.close();
    await proxy.close();
    engine.close();
  });

  /** Without fixed addresses: an engine cannot assign those again to a running container. */
  const ports = (of: TestNetwork): NetworkInfo => of.port(5).map((vif) => ({ ...vif, address: null }));

  it('leaves an instance without interfaces unchanged when the engine cannot connect its first', async () => {
    const lonely = await harness.boot();
    const before = await containersOf(engine, lonely.uuid);
    const fault = proxy.inject({
      ...{ method: 'POST', path: /\/networks\/nova-[^/]+\/connect/, kind: 'answer' },
      ...{ status: 500, message: 'no more veth pairs' },
    });
    await expect(harness.driver.plug_vifs(lonely, ports(new TestNetwork()))).rejects.toBeDefined();
    expect(fault.struck()).toHaveLength(1);
    expect(await containersOf(engine, lonely.uuid)).toEqual(before);
  });

  it.each([
    ['fails to connect', /\/networks\/nova-[^/]+\/connect/],
    ['fails to start', /\/start$/],
  ])(
    'restores an instance that was stopped for a hard reboot which %s, running in its old networks',
    async (_what, path) => {
      const network = new TestNetwork();
      const system_metadata = { image_os_shutdown_timeout: '1' };
      const instance = await harness.boot({ system_metadata }, { network_info: ports(network) });
      const other = new TestNetwork();
      const fault = proxy.inject({
        method: 'POST',
        path,
        kind: 'answer',
        status: 500,
        message: 'no memory',
      });
      await expect(
        harness.driver.reboot(harness.context, instance, ports(other), reboot_type.HARD),
      ).rejects.toMatchObject({ name: 'InstanceRebootFailure' });
      expect(fault.struck()).toHaveLength(1);
      expect(await containersOf(engine, instance.uuid)).toMatchObject([
        { status: 'running', networks: [[`nova-${network.id}`, network.address(5)]] },
      ]);
      expect((await engine.networks.list({})).map(({ Name: name }) => name)).not.toContain(
        `nova-${other.id}`,
      );
    },
  );
});
