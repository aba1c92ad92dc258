import { describe, expect, it } from '@jest/globals';
import { DockerDriver } from '../../../lib/index.js';
import { context, newImageMeta, newInstance } from '../../support/nova-objects.js';

describe('a rebuild by a driver that serves no host', () => {
  it('detaches no volumes', async () => {
    const driver = new DockerDriver({ engine: 'unix:///nowhere' });
    const calls: string[] = [];
    const rebuilding = driver.rebuild(context, newInstance(), newImageMeta('any'), {
      detach_block_devices: () => Promise.resolve(void calls.push('detach')),
    });
    await expect(rebuilding).rejects.toMatchObject({ message: expect.stringContaining('init_host') });
    expect(calls).toEqual([]);
  });
});
