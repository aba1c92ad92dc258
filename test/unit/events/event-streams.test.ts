import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lifecycle_event, type LifecycleEvent, type LifecycleTransition } from '../../../interfaces/index.js';
import { EventStreams } from '../../../lib/events/event-streams.js';
import { DockerDriver, InvalidInput } from '../../../lib/index.js';
import { startReplayer, type Replayer } from '../../../lib/testing/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { SmallImageService } from '../../support/small-image-service.js';

const event = (
  timestamp: number,
  transition: LifecycleTransition = lifecycle_event.STARTED,
): LifecycleEvent => ({
  ...{ uuid: '8a8a8a8a-0000-4000-8000-000000000001', transition, timestamp },
});

/** Reads an iteration to its end. */
async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const each of events) seen.push(each);
  return seen;
}

describe('the iterables of lifecycle events', () => {
  let warnings: string[];
  let streams: EventStreams;
  beforeEach(() => {
    warnings = [];
    streams = new EventStreams({ ...noOpLogger, warn: (message) => void warnings.push(message) });
  });

  it.each(Object.entries(lifecycle_event))('name the transition %s', async (name, transition) => {
    const events = streams.open({});
    streams.publish(event(1, transition));
    streams.endAll();
    expect(await all(events)).toEqual([{ ...event(1, transition), name }]);
  });

  it('yield every event since the call, in order, independently of each other', async () => {
    const first = streams.open({});
    streams.publish(event(1));
    const second = streams.open({});
    streams.publish(event(2));
    streams.endAll();
    expect((await all(first)).map(({ timestamp }) => timestamp)).toEqual([1, 2]);
    expect((await all(second)).map(({ timestamp }) => timestamp)).toEqual([2]);
  });

  it('wait for the next event', async () => {
    const events = streams.open({});
    const next = events.next();
    streams.publish(event(1));
    expect(await next).toMatchObject({ done: false, value: { timestamp: 1 } });
  });

  it('end with the signal, without an error', async () => {
    const controller = new AbortController();
    const events = streams.open({ signal: controller.signal });
    const next = events.next();
    controller.abort(new Error('enough'));
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await all(streams.open({ signal: controller.signal }))).toEqual([]);
  });

  it('drop the oldest events of a reader that is 1000 events behind, which is logged once', async () => {
    const events = streams.open({});
    for (let time = 1; time <= 1010; time += 1) streams.publish(event(time));
    streams.endAll();
    const times = (await all(events)).map(({ timestamp }) => timestamp);
    expect(times).toHaveLength(1000);
    expect([times[0], times.at(-1)]).toEqual([11, 1010]);
    expect(warnings).toEqual([expect.stringContaining('1000 events behind')]);
  });

  it('buffer nothing for a reader that has stopped', async () => {
    const events = streams.open({});
    streams.publish(event(1));
    for await (const { timestamp } of events) if (timestamp === 1) break;
    for (let time = 2; time <= 1010; time += 1) streams.publish(event(time));
    expect(warnings).toEqual([]);
  });

  it('collect nothing for a reader that has left before it read', async () => {
    const events = streams.open({});
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    for (let time = 1; time <= 1010; time += 1) streams.publish(event(time));
    expect(warnings).toEqual([]);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('end for a reader that leaves while it waits', async () => {
    const events = streams.open({});
    const pending = [events.next(), events.next()];
    await events.return?.();
    expect(await Promise.all(pending)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('answer several pending reads in order', async () => {
    const events = streams.open({});
    const pending = [events.next(), events.next()];
    streams.publish(event(1));
    streams.publish(event(2));
    expect(await Promise.all(pending)).toMatchObject([
      { value: { timestamp: 1 } },
      { value: { timestamp: 2 } },
    ]);
  });
});

const fixture = fileURLToPath(new URL('../../../fixtures/engine-28.5/not-found.json', import.meta.url));

describe('a driver that begins to serve two hosts at once', () => {
  it('goes on with one of them when the other is cleaned up', async () => {
    const replayer = await startReplayer(fixture, { mode: 'matching' });
    const driver = new DockerDriver({
      engine: replayer.host,
      imageService: new SmallImageService(),
      localGb: 1,
    });
    const reading = all(driver.events());
    const first = driver.init_host('node-1');
    const second = driver.init_host('node-2').catch((error: unknown) => error);
    await driver.cleanup_host('node-2');
    await first;
    expect(await second).toMatchObject({ name: 'HypervisorUnavailable' });
    expect(await driver.get_available_nodes()).toEqual(['node-1']);
    await driver[Symbol.asyncDispose]();
    expect(await reading).toEqual([]);
    await replayer.close();
  });
});

describe('a driver that leaves its host', () => {
  let replayer: Replayer;
  let driver: DockerDriver;
  beforeEach(async () => {
    replayer = await startReplayer(fixture, { mode: 'matching' });
    driver = new DockerDriver({ engine: replayer.host, imageService: new SmallImageService(), localGb: 1 });
    await driver.init_host('node-1');
  });
  afterEach(async () => {
    await driver[Symbol.asyncDispose]();
    await replayer.close();
  });

  it.each([
    ['cleanup_host', () => driver.cleanup_host('node-1')],
    ['its disposal', () => driver[Symbol.asyncDispose]()],
  ])('ends the iterations of its events on %s', async (_how, leave) => {
    const reading = all(driver.events());
    await leave();
    expect(await reading).toEqual([]);
    await expect(driver.get_available_nodes()).rejects.toThrow('call init_host first');
  });

  it('ends the iterations of its events when a repeated init_host fails', async () => {
    const reading = all(driver.events());
    const signal = AbortSignal.abort(new Error('early'));
    await expect(driver.init_host('node-1', { signal })).rejects.toThrow('early');
    expect(await driver.get_available_nodes()).toEqual(['node-1']);
    await replayer.close();
    await expect(driver.init_host('node-1')).rejects.toMatchObject({ name: 'HypervisorUnavailable' });
    expect(await reading).toEqual([]);
    await expect(driver.get_available_nodes()).rejects.toThrow('call init_host first');
  });

  it('refuses the name of another host, and keeps serving its own', async () => {
    await expect(driver.cleanup_host('node-2')).rejects.toThrow(
      new InvalidInput('This driver serves host node-1, not node-2'),
    );
    expect(await driver.get_available_nodes()).toEqual(['node-1']);
  });
});
