import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { engineHost } from '../../support/engine.js';
import { context, newImageMeta, newInstance } from '../../support/nova-objects.js';

describe('every verb of DockerDriver', () => {
  let proxy: FaultProxy;
  let harness: Harness;
  beforeAll(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host });
  });
  afterAll(async () => {
    await harness.close();
    await proxy.close();
  });

  const reasons: [string, unknown][] = [
    ['an error', new Error('enough')],
    ['a string', 'enough'],
    ['a DOMException', new DOMException('enough', 'TimeoutError')],
    ['null', null],
    ['an object', { enough: true }],
  ];

  it.each(reasons)('rejects with the reason of its abort signal itself: %s', async (_what, reason) => {
    const { driver, image } = harness;
    const instance = newInstance();
    const verbs: (readonly [RegExp, (signal: AbortSignal) => Promise<unknown>])[] = [
      [/\/containers\/create/, (signal) => driver.spawn(context, instance, image, { signal })],
      [/\/json/, (signal) => driver.get_info(instance, { signal })],
      [/\/json/, (signal) => driver.list_instances({ signal })],
      [/\/json/, (signal) => driver.power_off(instance, { timeout: 60, signal })],
      [/\/json/, (signal) => driver.reboot(context, instance, [], 'SOFT', { signal })],
      [/\/json/, (signal) => driver.plug_vifs(instance, [], { signal })],
      [/\/json/, (signal) => driver.unplug_vifs(instance, [], { signal })],
    ];
    for (const [path, verb] of verbs) {
      const slow = proxy.inject({ path, kind: 'delay-request', milliseconds: 300 });
      const giving = new AbortController();
      const outcome = verb(giving.signal).then(
        () => ['done'],
        (error: unknown) => [error],
      );
      await eventually('the verb waits for the engine', () => slow.struck().length > 0);
      giving.abort(reason);
      const [thrown] = await outcome;
      expect(thrown).toBe(reason);
    }
  });

  it('rejects with the reason of a signal that has already aborted', async () => {
    const signal = AbortSignal.abort('no');
    await expect(harness.driver.list_instances({ signal })).rejects.toBe('no');
    await expect(harness.driver.destroy(context, newInstance(), [], { signal })).rejects.toBe('no');
  });

  it('rejects a malformed instance or image with InvalidInput that names the field', async () => {
    // A JavaScript caller has no compiler that rejects these arguments.
    const call = async (verb: string, ...given: unknown[]): Promise<unknown> => {
      const method: unknown = Reflect.get(harness.driver, verb);
      if (typeof method !== 'function') throw new Error(`there is no verb ${verb}`);
      const outcome: unknown = await Reflect.apply(method, harness.driver, given);
      return outcome;
    };
    const image = newImageMeta('x');
    const noFlavor = { ...newInstance(), flavor: undefined };
    const noUuid = { ...newInstance(), uuid: undefined };
    const wrong = (message: string): object => ({
      name: 'InvalidInput',
      message: expect.stringContaining(message),
    });
    await expect(call('spawn', context, undefined, image)).rejects.toMatchObject(wrong('instance'));
    await expect(call('spawn', context, noUuid, image)).rejects.toMatchObject(wrong('instance.uuid'));
    await expect(call('spawn', context, noFlavor, image)).rejects.toMatchObject(wrong('instance.flavor'));
    await expect(call('spawn', context, newInstance())).rejects.toMatchObject(wrong('image_meta'));
    await expect(call('get_info', { ...newInstance(), uuid: 7 })).rejects.toMatchObject(
      wrong('instance.uuid'),
    );
    await expect(call('power_off', null)).rejects.toMatchObject(wrong('instance'));
    await expect(call('destroy', context, {}, [])).rejects.toMatchObject(wrong('instance.uuid'));
  });
});
