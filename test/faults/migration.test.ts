import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance, MigrateDiskOptions } from '../../interfaces/index.js';
import { DockerDriver, power_state } from '../../lib/index.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { TwoHosts } from '../engine/contract/two-hosts.js';
import { larger, migration } from '../engine/contract/mover.js';
import { directEngine, engineHost } from '../support/engine.js';
import { context, newFlavor, newInstance } from '../support/nova-objects.js';
import { twoHosts } from '../support/two-hosts.js';
import { eventually } from '../engine/contract/harness.js';

/** The requests that transfer an instance's files to another host. */
const steps: readonly ['source' | 'destination', string, Pick<Fault, 'method' | 'path' | 'nth'>][] = [
  ['source', 'to stop the instance', { method: 'POST', path: /\/containers\/.*\/stop/ }],
  // The first time while the instance runs.
  ['source', 'to list the changed files', { method: 'GET', path: /\/changes/, nth: 2 }],
  ['source', 'to measure the files', { method: 'GET', path: /\/export/ }],
  ['source', 'to rename the old container', { method: 'POST', path: /\/rename/ }],
  ['destination', 'to look the image up', { method: 'GET', path: /\/images\/sha256.*\/json/ }],
  ['destination', 'to load the files', { method: 'POST', path: /\/images\/load/ }],
  ['destination', 'to inspect the loaded image', { method: 'GET', path: /\/images\/.*loading.*\/json/ }],
  ['destination', 'to tag the image', { method: 'POST', path: /\/images\/.*\/tag/ }],
];

describe('migrate_disk_and_power_off', () => {
  let here: FaultProxy;
  let there: FaultProxy;
  let hosts: TwoHosts;
  /** Serves several cases: a case that leaves it running on the source leaves it to the next. */
  let instance: Instance;
  let isAsBefore = false;

  beforeAll(async () => {
    [here, there] = [
      await startFaultProxy({ engine: engineHost() }),
      await startFaultProxy({ engine: engineHost() }),
    ];
    hosts = await twoHosts({ engine: here.host, route: there.host });
  });
  afterAll(async () => {
    await remove();
    await hosts.close();
    await here.close();
    await there.close();
  });
  beforeEach(async () => {
    if (!isAsBefore) instance = await hosts.source.boot();
  });
  afterEach(async () => {
    isAsBefore = isDeepStrictEqual(await traces(), untouched());
    if (!isAsBefore) await remove();
  });
  const remove = async (): Promise<void> => {
    await hosts.destination.driver.destroy(context, instance, []);
    await hosts.source.driver.destroy(context, instance, []);
  };

  const migrate = (options: MigrateDiskOptions = {}): Promise<string | null> =>
    hosts.source.driver.migrate_disk_and_power_off(
      context,
      instance,
      hosts.addresses.destination,
      larger,
      [],
      options,
    );
  /** The containers and images of the instance, and temporary images of transfers. */
  const traces = async (): Promise<string[]> => {
    const engine = directEngine();
    try {
      const [containers, images] = [await engine.containers.list({ all: true }), await engine.images.list()];
      const mark = `tmp-${createHash('sha256').update(hosts.source.host).digest('hex').slice(0, 8)}`;
      return [
        ...containers.map(({ Names: names, State: state }) => `${names.join()} ${state}`),
        ...images.flatMap(({ RepoTags: tags }) => tags),
      ].filter((name) => name.includes(instance.uuid) || name.includes(mark));
    } finally {
      engine.close();
    }
  };
  const untouched = (): string[] => [`/nova-${instance.uuid} running`];
  const inject = (side: 'source' | 'destination', fault: Fault): ReturnType<FaultProxy['inject']> =>
    (side === 'source' ? here : there).inject(fault);

  describe.each(steps)('when the %s fails %s', (side, _step, target) => {
    it('leaves the instance running on the source, removes all else, and names the cause', async () => {
      const fault = inject(side, {
        ...target,
        kind: 'answer',
        status: 500,
        message: 'no space left on device',
      });
      await expect(migrate()).rejects.toMatchObject({
        name: 'InstanceFaultRollback',
        message: expect.stringContaining('no space left on device'),
      });
      expect(fault.struck()).not.toEqual([]);
      expect(await traces()).toEqual(untouched());
    });

    it('leaves the instance running on the source when connections break', async () => {
      // The client retries a GET once if a kept connection breaks.
      const fault = inject(side, { ...target, kind: 'drop-request', times: 2 });
      await expect(migrate()).rejects.toMatchObject({ name: 'InstanceFaultRollback' });
      fault.withdraw();
      expect(fault.struck()).not.toEqual([]);
      expect(await traces()).toEqual(untouched());
    });

    it('succeeds, or rolls back and can be repeated, when the answer is lost', async () => {
      const fault = inject(side, { ...target, kind: 'lose-answer' });
      const info = await migrate().catch(async (error: unknown) => {
        expect(error).toMatchObject({ name: 'InstanceFaultRollback' });
        expect(await traces()).toEqual(untouched());
        return await migrate();
      });
      expect(fault.struck()).not.toEqual([]);
      const { driver, image } = hosts.destination;
      const after = { ...instance, flavor: larger };
      await driver.finish_migration(context, migration(instance), after, info, [], image);
      expect((await driver.get_info(after)).state).toBe(power_state.RUNNING);
    });

    it('leaves the instance running on the source when its signal aborts', async () => {
      const impatience = new AbortController();
      const reason = new Error('enough');
      const fault = inject(side, { ...target, kind: 'delay-request', milliseconds: 200 });
      const outcome = expect(migrate({ signal: impatience.signal })).rejects.toBe(reason);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      impatience.abort(reason);
      await outcome;
      expect(await traces()).toEqual(untouched());
    });
  });

  describe('rejects with InstanceFaultRollback before any change', () => {
    const early: readonly ['source' | 'destination', string, Pick<Fault, 'method' | 'path'>, string][] = [
      ['source', 'to look the instance up', { path: /\/containers\/nova-/ }, 'HypervisorUnavailable'],
      ['source', 'to measure its disk', { path: /size=/ }, 'HypervisorUnavailable'],
      ['destination', 'to negotiate the API version', { path: /./ }, 'MigrationPreCheckError'],
    ];
    it.each(early)('when the %s fails %s', async (side, _step, path, name) => {
      const before = await hosts.source.driver.get_info(instance);
      const fault = inject(side, { ...path, kind: 'drop-request', times: Infinity });
      const smaller = newFlavor({ root_gb: 1 });
      const roomy = { ...instance, flavor: newFlavor({ root_gb: 3 }) };
      await expect(
        hosts.source.driver.migrate_disk_and_power_off(
          context,
          roomy,
          hosts.addresses.destination,
          smaller,
          [],
        ),
      ).rejects.toMatchObject({ name: 'InstanceFaultRollback', inner_exception: { name } });
      fault.withdraw();
      expect(fault.struck()).not.toEqual([]);
      expect(await hosts.source.driver.get_info(instance)).toEqual(before);
    });

    it('when the address of this host is unknown', async () => {
      const { source, addresses } = hosts;
      const relay = createServer((client) => {
        client.pipe(connect(engineHost().replace('unix://', ''))).pipe(client);
      });
      await once(relay.listen(0, '127.0.0.1'), 'listening');
      const address = relay.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      const driver = new DockerDriver({
        engine: `tcp://127.0.0.1:${address.port}`,
        imageService: source.imageService,
      });
      try {
        await driver.init_host(source.host);
        await expect(
          driver.migrate_disk_and_power_off(context, instance, addresses.destination, larger, []),
        ).rejects.toMatchObject({
          name: 'InstanceFaultRollback',
          inner_exception: { message: expect.stringContaining('myIp') },
        });
      } finally {
        await driver.cleanup_host(source.host);
        relay.close();
      }
      expect(await traces()).toEqual(untouched());
    });

    it('but with InstanceNotFound for an unknown instance', async () => {
      const stranger = newInstance();
      await expect(
        hosts.source.driver.migrate_disk_and_power_off(
          context,
          stranger,
          hosts.addresses.destination,
          larger,
          [],
        ),
      ).rejects.toMatchObject({ name: 'InstanceNotFound' });
    });
  });

  it('leaves an instance running that cannot be stopped for a resize on its host', async () => {
    const before = await hosts.source.driver.get_info(instance);
    const fault = here.inject({ method: 'POST', path: /\/stop/, kind: 'answer', status: 500, message: 'no' });
    await expect(
      hosts.source.driver.migrate_disk_and_power_off(context, instance, hosts.addresses.source, larger, []),
    ).rejects.toMatchObject({ name: 'InstanceFaultRollback' });
    expect(fault.struck()).not.toEqual([]);
    expect((await hosts.source.driver.get_info(instance)).state).toBe(before.state);
  });

  it.each([1, 2])('leaves the instance running on the source when export %i breaks off', async (nth) => {
    here.inject({ method: 'GET', path: /\/export/, kind: 'truncate-answer', afterBytes: 1_000_000, nth });
    await expect(migrate()).rejects.toMatchObject({
      name: 'InstanceFaultRollback',
      message: expect.stringContaining('broke off'),
    });
    expect(await traces()).toEqual(untouched());
  });
});

describe('finish_revert_migration', () => {
  const pause = 400;

  it('starts no more than maxLaunches instances at the same time', async () => {
    const proxy = await startFaultProxy({ engine: engineHost() });
    const hosts = await twoHosts({ engine: proxy.host, maxLaunches: 1 });
    const { driver, boot } = hosts.source;
    const instances: Instance[] = [];
    try {
      for (let count = 0; count < 2; count += 1) {
        const instance = await boot();
        instances.push(instance);
        await driver.migrate_disk_and_power_off(context, instance, hosts.addresses.source, larger, []);
      }
      const later = { kind: 'delay-request', milliseconds: pause, times: 2 } as const;
      proxy.inject({ method: 'POST', path: /\/start/, ...later });
      const begin = performance.now();
      await Promise.all(
        instances.map((each) => driver.finish_revert_migration(context, each, [], migration(each))),
      );
      expect(performance.now() - begin).toBeGreaterThanOrEqual(2 * pause);
    } finally {
      for (const each of instances) await driver.destroy(context, each, []);
      await hosts.close();
      await proxy.close();
    }
  });
});
