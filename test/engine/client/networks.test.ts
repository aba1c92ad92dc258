import { randomInt } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { isConflict, isNotFound, networkRef, type NetworksApi } from '../../../lib/engine/index.js';
import { Workbench, newName } from './workbench.js';

describe('networks', () => {
  let bench: Workbench;
  let networks: NetworksApi;
  /** The first three bytes of a network that nobody else is likely to use. */
  const prefix = `10.${randomInt(100, 250)}.${randomInt(1, 250)}`;
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  beforeAll(async () => {
    bench = await Workbench.open();
    ({ networks } = bench.engine);
  });
  afterAll(() => bench.close());

  it('live from create to remove', async () => {
    const name = bench.newNetwork();
    const specification = {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Internal: true,
      IPAM: { Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
      Options: { 'com.docker.network.driver.mtu': '1400' },
      Labels: { mark: name },
    };
    const { id } = await networks.create(specification);
    const inspected = await networks.inspect(name);
    expect(inspected).toMatchObject({
      Id: id,
      Name: name,
      Driver: 'bridge',
      Internal: true,
      EnableIPv6: false,
      IPAM: { Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
      Options: { 'com.docker.network.driver.mtu': '1400' },
      Labels: { mark: name },
      Containers: {},
    });
    expect((await networks.list({ filters: { label: [`mark=${name}`] } })).map(({ Id }) => Id)).toEqual([id]);
    expect(isConflict(await failure(networks.create(specification)))).toBe(true);

    const container = await bench.run('sleep 1000 & wait');
    await networks.disconnect(networkRef('none'), { container, force: true });
    await networks.connect(id, {
      container,
      endpoint: { IPAMConfig: { IPv4Address: `${prefix}.77` }, Aliases: ['web'] },
    });
    const { NetworkSettings: settings } = await bench.engine.containers.inspect(container);
    expect(settings.Networks[name]).toMatchObject({
      NetworkID: id,
      IPAddress: `${prefix}.77`,
      IPAMConfig: { IPv4Address: `${prefix}.77` },
    });
    expect((await networks.inspect(id)).Containers[container]).toMatchObject({
      IPv4Address: `${prefix}.77/24`,
    });
    expect(await failure(networks.remove(id))).toMatchObject({ status: 403 });

    await networks.disconnect(id, { container });
    await networks.remove(id);
    expect(isNotFound(await failure(networks.inspect(id)))).toBe(true);
  });

  it('that do not exist are told as such by every call', async () => {
    const nothing = networkRef(newName());
    const container = await bench.run('sleep 1000 & wait');
    const failures = await Promise.all(
      [
        networks.inspect(nothing),
        networks.remove(nothing),
        networks.connect(nothing, { container }),
        networks.disconnect(nothing, { container }),
      ].map(failure),
    );
    expect(failures.filter((error) => !isNotFound(error))).toEqual([]);
  });
});
