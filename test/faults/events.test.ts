import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lifecycle_event, power_state } from '../../interfaces/index.js';
import { DockerDriver } from '../../lib/index.js';
import { containerRef, volumeName } from '../../lib/engine/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost } from '../support/engine.js';
import { newFlavor } from '../support/nova-objects.js';

const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

describe('lifecycle events', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-events-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const transitions = ({ events }: Harness, uuid: string): number[] =>
    events.filter((event) => event.uuid === uuid).map(({ transition }) => transition);

  it('are neither lost nor repeated when the engine is unreachable for a while', async () => {
    const listen = join(folder, 'engine.sock');
    let proxy = await startFaultProxy({ engine: engineHost(), listen });
    const harness = await dockerHarness({ engine: proxy.host });
    const [ended, quiet] = await Promise.all([harness.boot(), harness.boot()]);
    await eventually('both starts are reported', () => harness.events.length >= 2);

    await proxy.close();
    const engine = directEngine();
    await engine.containers.stop(containerRef(`nova-${ended.uuid}`), { timeout: 0 });
    engine.close();
    proxy = await startFaultProxy({ engine: engineHost(), listen });

    await eventually('the stop is reported', () => transitions(harness, ended.uuid).includes(STOPPED));
    await harness.driver.power_on(harness.context, ended, []);
    await eventually('the start is reported', () => transitions(harness, ended.uuid).length >= 3);
    expect(transitions(harness, ended.uuid)).toEqual([STARTED, STOPPED, STARTED]);
    expect(transitions(harness, quiet.uuid)).toEqual([STARTED]);
    await harness.close();
    await proxy.close();
  });

  it('report, in order, the transitions that an operator caused while the stream was broken', async () => {
    const listen = join(folder, 'engine.sock');
    let proxy = await startFaultProxy({ engine: engineHost(), listen });
    const harness = await dockerHarness({ engine: proxy.host });
    const instance = await harness.boot();
    await eventually('the start is reported', () => transitions(harness, instance.uuid).length > 0);

    await proxy.close();
    const engine = directEngine();
    const container = containerRef(`nova-${instance.uuid}`);
    await engine.containers.stop(container, { timeout: 0 });
    await engine.containers.start(container);
    await engine.containers.pause(container);
    await engine.containers.unpause(container);
    engine.close();
    proxy = await startFaultProxy({ engine: engineHost(), listen });

    await eventually('all events are reported', () => transitions(harness, instance.uuid).length >= 5);
    await harness.driver.power_off(instance);
    await eventually('the stop is reported', () => transitions(harness, instance.uuid).length >= 6);
    expect(transitions(harness, instance.uuid)).toEqual([
      STARTED,
      STOPPED,
      STARTED,
      PAUSED,
      RESUMED,
      STOPPED,
    ]);
    const times = harness.events.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    await harness.close();
    await proxy.close();
  });

  it("include a stop that is no longer in the engine's event buffer, if the later start is", async () => {
    const listen = join(folder, 'engine.sock');
    let proxy = await startFaultProxy({ engine: engineHost(), listen });
    const harness = await dockerHarness({ engine: proxy.host });
    const [again, ended] = [await harness.boot(), await harness.boot()];
    await eventually('both starts are reported', () => harness.events.length >= 2);

    await proxy.close();
    const engine = directEngine();
    await engine.containers.stop(containerRef(`nova-${again.uuid}`), { timeout: 0 });
    await engine.containers.stop(containerRef(`nova-${ended.uuid}`), { timeout: 0 });
    const volume = volumeName(`nova-test-${again.uuid}`);
    for (let events = 0; events < 256; events += 2) {
      await engine.volumes.create({ Name: volume });
      await engine.volumes.remove(volume);
    }
    await engine.containers.start(containerRef(`nova-${again.uuid}`));
    engine.close();
    proxy = await startFaultProxy({ engine: engineHost(), listen });

    await eventually('all events are reported', () => harness.events.length >= 5);
    expect(transitions(harness, again.uuid)).toEqual([STARTED, STOPPED, STARTED]);
    expect(transitions(harness, ended.uuid)).toEqual([STARTED, STOPPED]);
    await harness.close();
    await proxy.close();
  });

  it('report STOPPED for an instance that ran out of memory', async () => {
    const harness = await dockerHarness();
    const { instance } = await harness.run('echo done; sleep 0.3; tail /dev/zero', {
      flavor: newFlavor({ memory_mb: 8 }),
    });
    await eventually('the stop is reported', () => transitions(harness, instance.uuid).includes(STOPPED));
    await expect(harness.driver.get_info(instance)).resolves.toMatchObject({ state: power_state.CRASHED });
    expect(transitions(harness, instance.uuid)).toEqual([STARTED, STOPPED]);
    await harness.close();
  });

  it("do not report another host's instances", async () => {
    const [here, there] = [await dockerHarness(), await dockerHarness()];
    const [ours, theirs] = [await here.boot(), await there.boot()];
    await eventually(
      'each host has reported an event',
      () => here.events.length > 0 && there.events.length > 0,
    );
    expect(here.events.map(({ uuid }) => uuid)).toEqual([ours.uuid]);
    expect(there.events.map(({ uuid }) => uuid)).toEqual([theirs.uuid]);
    await here.close();
    await there.close();
  });

  it('reach a slow listener that throws, in order', async () => {
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
    await eventually('the listener has received all events', () => heard.length >= 3);
    expect(heard).toEqual([STARTED, STOPPED, STARTED]);
    await harness.close();
  });

  it('are no longer reported after cleanup_host', async () => {
    const harness = await dockerHarness();
    const instance = await harness.boot();
    await eventually('the event is reported', () => harness.events.length > 0);
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

describe('without an engine', () => {
  it('init_host rejects with a message that names DOCKER_HOST, and verbs name init_host', async () => {
    const driver = new DockerDriver({ engine: 'unix:///nowhere/docker.sock' });
    await expect(driver.init_host('node-1')).rejects.toMatchObject({
      name: 'HypervisorUnavailable',
      message: expect.stringMatching(/nowhere.*DOCKER_HOST/),
    });
    await expect(driver.list_instances()).rejects.toMatchObject({
      message: expect.stringContaining('init_host'),
    });
  });
});
