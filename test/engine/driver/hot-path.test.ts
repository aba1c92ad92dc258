import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { engineHost } from '../../support/engine.js';
import type { Harness } from '../contract/harness.js';

/** Counts the requests at the engine's socket. */
describe('the number of requests to the engine', () => {
  let proxy: FaultProxy;
  let harness: Harness;

  beforeAll(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host });
    await harness.boot();
  });
  afterAll(async () => {
    await harness.close();
    await proxy.close();
  });

  const asked = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = proxy.requests().length;
    await work();
    return proxy
      .requests()
      .slice(before)
      .map(({ method, path }) => `${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`);
  };

  it('is two for a warm spawn without files and networks', async () => {
    const requests = await asked(() => harness.boot());
    expect(requests).toEqual([
      'POST /containers/create',
      expect.stringMatching(/^POST \/containers\/[0-9a-f]{64}\/start$/),
    ]);
  });

  it('is one for get_info', async () => {
    const instance = await harness.boot();
    expect(await asked(() => harness.driver.get_info(instance))).toHaveLength(1);
  });

  it('is one for listing a hundred instances', async () => {
    const instances = await Promise.all(
      Array.from({ length: 100 }, () => harness.boot({}, { power_on: false })),
    );
    const listed: string[] = [];
    expect(
      await asked(async () => {
        listed.push(...(await harness.driver.list_instance_uuids()));
      }),
    ).toHaveLength(1);
    expect(listed).toEqual(expect.arrayContaining(instances.map(({ uuid }) => uuid)));
    expect(await asked(() => harness.driver.list_instances())).toHaveLength(1);
  });
});
