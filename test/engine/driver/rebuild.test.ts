import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { power_state, type ImageMeta } from '../../../interfaces/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

describe('a rebuild', () => {
  const errors: string[] = [];
  let harness: Harness;
  beforeAll(async () => {
    const error = (message: string): void => void errors.push(message);
    harness = await dockerHarness({ logger: { ...noOpLogger, error } });
  });
  afterAll(() => harness.close());

  const missing = () => newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
  const broken = () => ({ ...harness.image, properties: { os_command_line: '/no/such/command' } });

  it.each([
    ['paused', 'cannot be had', missing, power_state.PAUSED],
    ['paused', 'cannot be run', broken, power_state.PAUSED],
    ['suspended', 'cannot be had', missing, power_state.SUSPENDED],
    ['suspended', 'cannot be run', broken, power_state.SUSPENDED],
  ] as const)('leaves an instance %s when the image %s', async (how, _why, image, state) => {
    const { driver, boot, context } = harness;
    const instance = await boot();
    await (how === 'paused' ? driver.pause(instance) : driver.suspend(context, instance));
    await expect(driver.rebuild(context, instance, image())).rejects.toThrow();
    expect((await driver.get_info(instance)).state).toBe(state);
    expect(errors).toEqual([]);
    await (how === 'paused' ? driver.unpause(instance) : driver.resume(context, instance, null));
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
  });

  it('that is given up while it stops the instance leaves it running', async () => {
    const { driver, context, image } = harness;
    const slow = `sh -c 'trap "sleep 1; exit 0" TERM; echo ready; sleep 1000 & wait'`;
    const instance = newInstance();
    const meta: ImageMeta = { ...image, properties: { os_command_line: slow } };
    await driver.spawn(context, instance, meta);
    await eventually(
      'it has printed',
      async () => (await driver.get_console_output(context, instance)) !== '',
    );
    const reason = new Error('enough');
    const abort = new AbortController();
    const rebuilding = expect(
      driver.rebuild(context, instance, image, { signal: abort.signal }),
    ).rejects.toBe(reason);
    await setTimeout(600);
    abort.abort(reason);
    await rebuilding;
    // Longer than what was asked of it would have taken to stop it.
    await setTimeout(1500);
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    expect(errors).toEqual([]);
    await driver.destroy(context, instance, []);
  });

  it('ends with its signal while the orchestrator hands volumes over', async () => {
    const { driver, boot, context, image } = harness;
    const instance = await boot();
    const reason = new Error('enough');
    const abort = new AbortController();
    const rebuilding = driver.rebuild(context, instance, image, {
      signal: abort.signal,
      detach_block_devices: () => {
        abort.abort(reason);
        return new Promise(() => undefined);
      },
    });
    await expect(rebuilding).rejects.toBe(reason);
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
  });
});
