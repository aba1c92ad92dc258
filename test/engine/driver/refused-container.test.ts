import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { newFlavor, newInstance } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';

describe('DockerDriver.spawn when the engine refuses to create the container', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(() => harness.close());

  const elsewhere: [string, Partial<Instance>, RegExp][] = [
    [
      'processors that this host does not have',
      {
        flavor: newFlavor({ extra_specs: { 'hw:cpu_policy': 'dedicated' } }),
        numa_topology: { cells: [{ cpu_pinning: { 0: 511 } }] },
      },
      /CPUs are not available/,
    ],
  ];
  const nowhere: [string, Partial<Instance>, RegExp][] = [
    ['less memory than the minimum of a container', { flavor: newFlavor({ memory_mb: 1 }) }, /memory limit/],
    [
      'a CPU period that the kernel does not support',
      { flavor: newFlavor({ extra_specs: { 'quota:cpu_period': '10' } }) },
      /CPU cfs period/,
    ],
  ];

  it.each(elsewhere)('lets Nova try another host for %s', async (_what, changes, why) => {
    const instance = newInstance(changes);
    const spawning = harness.driver.spawn(harness.context, instance, harness.image);
    await expect(spawning).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringMatching(why),
    });
    await expect(harness.driver.instance_exists(instance)).resolves.toBe(false);
  });

  it.each(nowhere)(
    'rejects with InvalidInput, so that Nova tries no other host, for %s',
    async (_what, changes, why) => {
      const spawning = harness.driver.spawn(harness.context, newInstance(changes), harness.image);
      await expect(spawning).rejects.toMatchObject({
        name: 'InvalidInput',
        message: expect.stringMatching(why),
      });
    },
  );

  it('does not mistake an error of the progress listener for a refusal of the engine', async () => {
    const instance = newInstance();
    const onProgress = (): never => {
      throw new Error('this listener always fails');
    };
    await harness.driver.spawn(harness.context, instance, harness.image, { onProgress });
    await expect(harness.driver.instance_exists(instance)).resolves.toBe(true);
    await harness.driver.destroy(harness.context, instance, []);
  });
});
