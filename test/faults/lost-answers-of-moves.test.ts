import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ComputeDriver, Flavor, ImageMeta, Instance } from '../../interfaces/index.js';
import { power_state, task_states } from '../../interfaces/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { eventually } from '../engine/contract/harness.js';
import { larger, migration } from '../engine/contract/mover.js';
import type { TwoHosts } from '../engine/contract/two-hosts.js';
import { directEngine, engineHost } from '../support/engine.js';
import { context, newFlavor, newInstance, TestNetwork } from '../support/nova-objects.js';
import { twoHosts } from '../support/two-hosts.js';

type Side = 'source' | 'destination';

/** Where an instance moves, and as what. */
const moves: readonly [string, Side, Flavor][] = [
  ['to another host', 'destination', larger],
  ['to a new container on its host', 'source', newFlavor({ ...larger, ephemeral_gb: 1 })],
  ['to other limits', 'source', larger],
];

/** Verbs whose answers are lost; the others of the same move are left in peace. */
const endings = {
  confirmed: ['migrate_disk_and_power_off', 'finish_migration', 'confirm_migration'],
  reverted: ['destroy', 'finish_revert_migration'],
} as const;

/** Milliseconds for all moves of one kind: seconds on a quiet machine, each of them as much on a busy one. */
const patience = 240_000;

/** Adds a line to a file at each start. */
const diary =
  'sh -c \'echo start >> /diary; echo begin; cat /diary; echo end; trap "exit 0" TERM; sleep 1000 & wait\'';

/** Requests that change something, as far as paths tell. Other questions are asked again by the driver's client itself. */
const changes =
  /\/(create|start|stop|rename|update|load|tag|connect|disconnect|archive)\b|\/volumes\/|[?&](force|noprune)=/;

describe('a move of which each verb is repeated, by a driver that was restarted, when an answer was lost', () => {
  let proxy: FaultProxy;
  let hosts: TwoHosts;
  let drivers: Record<Side, ComputeDriver>;

  beforeAll(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    hosts = await twoHosts({ engine: proxy.host, otherEngine: proxy.host });
    drivers = { source: hosts.source.driver, destination: hosts.destination.driver };
  });
  afterAll(async () => {
    await hosts.close();
    await proxy.close();
  });

  const restart = async (side: Side): Promise<ComputeDriver> => {
    await drivers[side].cleanup_host(hosts[side].host);
    return (drivers[side] = await hosts[side].restart());
  };

  /** What the engine has of an instance, and of the image that its files became. */
  const traces = async ({ uuid }: Instance, sent: string | undefined): Promise<string[]> => {
    const engine = directEngine();
    try {
      const containers = await engine.containers.list({ all: true, filters: { name: [uuid] } });
      const volumes = await engine.volumes.list();
      const images = await engine.images.list();
      return [
        ...containers.map(({ Names: names, State: state }) => `${names.join()} ${state}`),
        ...volumes.map(({ Name: name }) => name).filter((name) => name.includes(uuid)),
        ...images
          .filter(({ Id: id, RepoTags: tags }) => id === sent || tags.some((tag) => tag.includes(uuid)))
          .map(() => 'image'),
      ];
    } finally {
      engine.close();
    }
  };

  /** Waits until the instance has told of so many starts, those before it moved included. */
  const tellsOf = async (starts: number, driver: ComputeDriver, instance: Instance): Promise<void> => {
    const isTold = new RegExp(`^(start\n){${starts},}end`);
    await eventually(`it has told of ${starts} starts`, async () =>
      isTold.test((await driver.get_console_output(context, instance)).split('begin\n').at(-1) ?? ''),
    );
  };

  /**
   * Moves an instance there, and confirms that or takes it back.
   *
   * @param nth - of the requests of each verb that change something, the one whose answer is lost.
   * @returns the requests whose answer was lost.
   */
  const wholeMove = async (
    [side, flavor]: readonly [Side, Flavor],
    ending: keyof typeof endings,
    nth: number,
  ): Promise<string[]> => {
    const lost: string[] = [];
    /** Runs a verb, and repeats it when that fails. */
    const verb = async <T>(
      name: string,
      at: Side,
      run: (driver: ComputeDriver) => Promise<T>,
    ): Promise<T> => {
      const driver = await restart(at);
      const isStruck = endings[ending].some((each) => each === name);
      const fault = isStruck ? proxy.inject({ path: changes, nth, kind: 'lose-answer' }) : undefined;
      const struck = (): string[] =>
        (fault?.struck() ?? []).map(({ method, path }) => `${name}: ${method} ${path}`);
      try {
        return await run(driver).catch(async (error: unknown) => {
          if (struck().length === 0) throw error;
          return await run(await restart(at));
        });
      } catch (error) {
        throw new Error(`${name} is not repeated: ${struck().join()}: ${String(error)}`, { cause: error });
      } finally {
        fault?.withdraw();
        lost.push(...struck());
      }
    };

    const network_info = side === 'destination' ? new TestNetwork().port(5) : [];
    const instance = newInstance({ config_drive: 'True' });
    const image: ImageMeta = { ...hosts.source.image, properties: { os_command_line: diary } };
    const { addresses } = hosts;
    const after = { ...instance, old_flavor: instance.flavor, new_flavor: flavor, flavor };
    let sent: string | undefined;
    try {
      await drivers.source.spawn(context, instance, image, { network_info });
      await tellsOf(1, drivers.source, instance);
      const info = await verb('migrate_disk_and_power_off', 'source', (driver) =>
        driver.migrate_disk_and_power_off(context, instance, addresses[side], flavor, network_info),
      );
      sent = /sha256:[0-9a-f]+/.exec(info ?? '')?.[0];
      await verb('finish_migration', side, (driver) =>
        driver.finish_migration(context, migration(instance), after, info, network_info, image),
      );
      await tellsOf(2, drivers[side], after);
      if (ending === 'confirmed') {
        await verb('confirm_migration', 'source', (driver) =>
          driver.confirm_migration(context, migration(instance), after, network_info),
        );
        expect((await drivers[side].get_info(after)).state).toBe(power_state.RUNNING);
      } else {
        const reverting = { ...after, task_state: task_states.RESIZE_REVERTING };
        await verb('destroy', side, (driver) => driver.destroy(context, reverting, network_info));
        await verb('finish_revert_migration', 'source', (driver) =>
          driver.finish_revert_migration(context, instance, network_info, migration(instance)),
        );
        await tellsOf(2, drivers.source, instance);
      }
      const left = await traces(instance, sent);
      expect(left.filter((each) => !each.endsWith('.flavor'))).toEqual([
        `/nova-${instance.uuid} running`,
        ...(ending === 'confirmed' && sent !== undefined ? ['image'] : []),
      ]);
      return lost;
    } finally {
      for (const each of [drivers.destination, drivers.source])
        await each.destroy(context, instance, network_info);
      expect(await traces(instance, sent)).toEqual([]);
    }
  };

  describe.each(moves)('%s', (_where, ...to) => {
    it.each(['confirmed', 'reverted'] as const)(
      'is %s',
      async (ending) => {
        for (let nth = 1; ; nth += 1) {
          const lost = await wholeMove(to, ending, nth);
          if (lost.length === 0) break;
        }
      },
      patience,
    );
  });

  it('leaves no image of an earlier move', async () => {
    const { driver, image } = { driver: await restart('source'), image: hosts.source.image };
    let instance = newInstance();
    const images: string[] = [];
    try {
      await driver.spawn(context, instance, image);
      for (const ephemeral_gb of [1, 2]) {
        const flavor = newFlavor({ ephemeral_gb });
        const { source: here } = hosts.addresses;
        const info = await driver.migrate_disk_and_power_off(context, instance, here, flavor, []);
        images.push(...(/sha256:[0-9a-f]+/.exec(info ?? '') ?? []));
        instance = { ...instance, flavor };
        await driver.finish_migration(context, migration(instance), instance, info, [], image);
        const fault = proxy.inject({ method: 'DELETE', path: /\/images\//, kind: 'lose-answer' });
        const confirm = (): Promise<void> =>
          driver.confirm_migration(context, migration(instance), instance, []);
        await confirm().catch(confirm);
        expect(fault.struck()).toHaveLength(1);
      }
      expect(new Set(images).size).toBe(2);
      expect(await traces(instance, images[0])).toEqual([`/nova-${instance.uuid} running`, 'image']);
    } finally {
      await driver.destroy(context, instance, []);
    }
  });
});
