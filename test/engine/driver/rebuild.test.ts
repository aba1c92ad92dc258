import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import {
  power_state,
  reboot_type,
  type ImageMeta,
  type Instance,
  type RebuildOptions,
  type VerbOptions,
} from '../../../interfaces/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

interface Call extends Pick<Harness, 'driver' | 'context' | 'image'> {
  readonly instance: Instance;
  readonly options: VerbOptions;
}

describe('DockerDriver.rebuild', () => {
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
    ['paused', 'is missing', missing, power_state.PAUSED],
    ['paused', 'has no runnable command', broken, power_state.PAUSED],
    ['suspended', 'is missing', missing, power_state.SUSPENDED],
    ['suspended', 'has no runnable command', broken, power_state.SUSPENDED],
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

  it.each([
    [
      'rebuild',
      (given: Call) => given.driver.rebuild(given.context, given.instance, given.image, given.options),
    ],
    [
      'SOFT reboot',
      ({ driver, context, instance, options }: Call) =>
        driver.reboot(context, instance, [], reboot_type.SOFT, options),
    ],
  ])(
    'a %s leaves the instance running when its signal aborts while it stops the instance',
    async (_verb, call) => {
      const { driver, context, image } = harness;
      const slow = `sh -c 'trap "sleep 1; exit 0" TERM; echo ready; sleep 1000 & wait'`;
      const instance = newInstance();
      const meta: ImageMeta = { ...image, properties: { os_command_line: slow } };
      await driver.spawn(context, instance, meta);
      await eventually(
        'the instance has printed',
        async () => (await driver.get_console_output(context, instance)) !== '',
      );
      const reason = new Error('enough');
      const abort = new AbortController();
      const rebuilding = expect(
        call({ driver, context, instance, image, options: { signal: abort.signal } }),
      ).rejects.toBe(reason);
      await setTimeout(600);
      abort.abort(reason);
      await rebuilding;
      // The stop signal would have ended the instance within this time.
      await setTimeout(1500);
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
      expect(errors).toEqual([]);
      await driver.destroy(context, instance, []);
    },
  );

  it('rejects when its signal aborts while detach_block_devices is pending', async () => {
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

  const handovers: readonly [string, RebuildOptions, string][] = [
    ['cannot be detached', { detach_block_devices: () => Promise.reject(new Error('in use')) }, 'in use'],
    [
      'are not told',
      // Plain JavaScript may answer anything.
      { attach_block_devices: () => Promise.resolve(JSON.parse('{"ephemerals": 5}')) },
      'the answer of attach_block_devices.ephemerals',
    ],
    [
      'are refused',
      { attach_block_devices: () => Promise.resolve({ ephemerals: [{ device_name: '/dev/../proc' }] }) },
      'device name',
    ],
  ];
  it.each(handovers)('starts the instance again when its volumes %s', async (_what, callbacks, message) => {
    const { driver, boot, context, image } = harness;
    const instance = await boot();
    const volume = { uuid: instance.uuid, instance_uuid: instance.uuid, source_type: 'volume' } as const;
    const bdms = [{ ...volume, destination_type: 'volume', device_name: '/dev/vdb' } as const];
    await expect(driver.rebuild(context, instance, image, { bdms, ...callbacks })).rejects.toThrow(message);
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    expect(errors).toEqual([]);
  });
});
