import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../interfaces/index.js';
import { lifecycle_event, power_state, reboot_type } from '../../interfaces/index.js';
import { containerRef } from '../../lib/engine/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, hasContainerdStore, isEngineAtLeast, removeImages } from '../support/engine.js';
import { newInstance, TestNetwork } from '../support/nova-objects.js';

/** URL that restarts the engine of `DOCKER_HOST`; set if that engine is private: see test/run.mjs. */
const restarter = process.env['ENGINE_RESTART'];

const usesContainerd = await hasContainerdStore();
/** Whether the engine offers the classic and containerd's image store. */
const hasTwoStores = await isEngineAtLeast('1.43');

if (restarter !== undefined)
  describe('after a restart of the engine', () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await dockerHarness();
    });
    afterEach(async () => {
      await harness.close();
    });

    /** @param containerd - whether the engine keeps images in containerd's store from now on. Default: as before. */
    const restartEngine = async (containerd?: boolean): Promise<void> => {
      const url = new URL(restarter);
      if (containerd !== undefined) url.searchParams.set('containerd', String(containerd));
      const answer = await fetch(url, { method: 'POST' });
      expect(answer.status).toBe(204);
    };
    const told = (instance: Instance): number[] =>
      harness.events.filter(({ uuid }) => uuid === instance.uuid).map(({ transition }) => transition);
    const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

    it('the driver reports the transitions of instances once and in order', async () => {
      const [running, paused] = [await harness.boot(), await harness.boot()];
      await harness.driver.pause(paused);
      await eventually('all events are reported', () => told(paused).length === 2);
      await restartEngine();
      const engine = directEngine();
      await engine.containers.start(containerRef(`nova-${running.uuid}`));
      engine.close();
      await eventually('the event is reported', () => told(running).length >= 3 && told(paused).length >= 4);
      await harness.driver.power_off(running);
      await eventually('the driver reports the next stop', () => told(running).length >= 4);
      expect(told(running)).toEqual([STARTED, STOPPED, STARTED, STOPPED]);
      // An engine that shuts down unpauses containers before it stops them.
      expect(told(paused)).toEqual([STARTED, PAUSED, RESUMED, STOPPED]);
    });

    it('the same driver and a restarted one start the instances again', async () => {
      const { driver, boot, context, restart } = harness;
      const [first, second] = [await boot(), await boot()];
      await restartEngine();
      await expect(driver.get_info(first)).resolves.toMatchObject({ state: power_state.SHUTDOWN });
      await driver.power_on(context, first, []);
      await expect(driver.get_info(first)).resolves.toMatchObject({ state: power_state.RUNNING });
      const next = await restart();
      expect((await next.list_instance_uuids()).sort()).toEqual([first.uuid, second.uuid].sort());
      await next.reboot(context, second, [], reboot_type.SOFT);
      await expect(next.get_info(second)).resolves.toMatchObject({ state: power_state.RUNNING });
    });

    if (hasTwoStores)
      it('with another image store, instances are missing, and are there again with the old store', async () => {
        const { boot, context, image, restart } = harness;
        const network = new TestNetwork();
        const first = await boot({}, { network_info: network.port(5) });
        await restartEngine(!usesContainerd);
        try {
          const between = await restart();
          await expect(between.list_instance_uuids()).resolves.toEqual([]);
          await expect(between.get_info(first)).rejects.toMatchObject({ name: 'InstanceNotFound' });
          const second = newInstance();
          await between.spawn(context, second, image);
          await expect(between.get_info(second)).resolves.toMatchObject({ state: power_state.RUNNING });
          await between.destroy(context, second, []);
          await removeImages([image.id]);
        } finally {
          await restartEngine(usesContainerd);
        }
        const next = await restart();
        await expect(next.list_instance_uuids()).resolves.toEqual([first.uuid]);
        await next.power_on(context, first, network.port(5));
        await expect(next.get_info(first)).resolves.toMatchObject({ state: power_state.RUNNING });
      });
  });
