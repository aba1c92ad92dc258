import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../interfaces/index.js';
import { lifecycle_event, power_state, reboot_type } from '../../interfaces/index.js';
import { containerRef } from '../../lib/engine/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine } from '../support/engine.js';

/** What restarts the engine of `DOCKER_HOST`, where it is one that may be restarted: see test/run.mjs. */
const restarter = process.env['ENGINE_RESTART'];

if (restarter !== undefined)
  describe('an engine that is restarted', () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await dockerHarness();
    });
    afterEach(async () => {
      await harness.close();
    });

    const restartEngine = async (): Promise<void> => {
      const answer = await fetch(restarter, { method: 'POST' });
      expect(answer.status).toBe(204);
    };
    const told = (instance: Instance): number[] =>
      harness.events.filter(({ uuid }) => uuid === instance.uuid).map(({ transition }) => transition);
    const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

    it('has the driver tell what became of the instances, once and in order', async () => {
      const [running, paused] = [await harness.boot(), await harness.boot()];
      await harness.driver.pause(paused);
      await eventually('all is told', () => told(paused).length === 2);
      await restartEngine();
      const engine = directEngine();
      await engine.containers.start(containerRef(`nova-${running.uuid}`));
      engine.close();
      await eventually('it is told', () => told(running).length >= 3 && told(paused).length >= 4);
      await harness.driver.power_off(running);
      await eventually('the driver goes on telling', () => told(running).length >= 4);
      expect(told(running)).toEqual([STARTED, STOPPED, STARTED, STOPPED]);
      // An engine that is shut down wakes what is paused before it stops it.
      expect(told(paused)).toEqual([STARTED, PAUSED, RESUMED, STOPPED]);
    });

    it('loses no instance: the same driver and the next one make them run again', async () => {
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
  });
