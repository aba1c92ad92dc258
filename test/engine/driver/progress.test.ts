import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { silentLogger } from '../../support/silent-logger.js';
import type { Harness } from '../contract/harness.js';

describe('a listener to progress that always fails', () => {
  const warnings: string[] = [];
  let harness: Harness;
  beforeAll(async () => {
    const warn = (message: string): void => void warnings.push(message);
    harness = await dockerHarness({ logger: { ...silentLogger, warn } });
  });
  afterAll(() => harness.close());

  it('keeps no verb from its end, and is logged once by each', async () => {
    const { driver, boot, context, image } = harness;
    const instance = await boot();
    const onProgress = (): never => {
      throw new Error('this listener always fails');
    };
    await driver.rebuild(context, instance, image, { onProgress });
    await driver.rescue(context, instance, [], image, { onProgress });
    await driver.unrescue(context, instance, { onProgress });
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    expect(warnings.filter((message) => message.includes('progress'))).toHaveLength(3);
  });
});
