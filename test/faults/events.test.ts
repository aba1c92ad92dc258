import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../interfaces/index.js';
import { DockerDriver } from '../../lib/index.js';
import { containerRef } from '../../lib/engine/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost } from '../support/engine.js';

const { STARTED, STOPPED } = lifecycle_event;

describe('lifecycle events', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-events-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const transitions = ({ events }: Harness, uuid: string): number[] =>
    events.filter((event) => event.uuid === uuid).map(({ transition }) => transition);

  it('lose and repeat nothing when the stream breaks and the engine is away for a while', async () => {
    const listen = join(folder, 'engine.sock');
    let proxy = await startFaultProxy({ engine: engineHost(), listen });
    const harness = await dockerHarness({ engine: proxy.host });
    const [ended, quiet] = await Promise.all([harness.boot(), harness.boot()]);
    await eventually('both are told of', () => harness.events.length >= 2);

    await proxy.close();
    const engine = directEngine();
    await engine.containers.stop(containerRef(`nova-${ended.uuid}`), { timeout: 0 });
    engine.close();
    proxy = await startFaultProxy({ engine: engineHost(), listen });

    await eventually('the end is told', () => transitions(harness, ended.uuid).includes(STOPPED));
    await harness.driver.power_on(harness.context, ended, []);
    await eventually('the start is told', () => transitions(harness, ended.uuid).length >= 3);
    expect(transitions(harness, ended.uuid)).toEqual([STARTED, STOPPED, STARTED]);
    expect(transitions(harness, quiet.uuid)).toEqual([STARTED]);
    await harness.close();
    await proxy.close();
  });

  it('reach a slow listener in order, and go on after one that throws', async () => {
    const harness = await dockerHarness();
    const heard: number[] = [];
    await harness.driver.register_event_listener(async ({ transition }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      heard.push(transition);
      throw new Error('this listener always fails');
    });
    const instance = await harness.boot();
    await harness.driver.power_off(instance);
    await harness.driver.power_on(harness.context, instance, []);
    await eventually('all are heard', () => heard.length >= 3);
    expect(heard).toEqual([STARTED, STOPPED, STARTED]);
    await harness.close();
  });

  it('are no longer told after cleanup_host', async () => {
    const harness = await dockerHarness();
    const instance = await harness.boot();
    await eventually('it is told', () => harness.events.length > 0);
    const { length } = harness.events;
    await harness.driver.cleanup_host(harness.host);
    const engine = directEngine();
    await engine.containers.stop(containerRef(`nova-${instance.uuid}`), { timeout: 0 });
    engine.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(harness.events).toHaveLength(length);
    await harness.driver.init_host(harness.host);
    await harness.close();
  });
});

describe('an engine that is not there', () => {
  it('is told by init_host and by every verb before it', async () => {
    const driver = new DockerDriver({ engine: 'unix:///nowhere/docker.sock' });
    await expect(driver.init_host('node-1')).rejects.toMatchObject({ name: 'HypervisorUnavailable' });
    await expect(driver.list_instances()).rejects.toMatchObject({
      message: expect.stringContaining('init_host'),
    });
  });
});
