import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { longestLine } from '../../../lib/engine/json-lines.js';
import { EventFollower } from '../../../lib/events/index.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { answerJson, FakeEngine, until } from '../engine/fake-engine.js';

const { STARTED, STOPPED, SUSPENDED, RESUMED } = lifecycle_event;
const uuid = 'e08a638c-8f39-417f-9413-de6f6ab98f3f';
const id = 'a'.repeat(64);
const labels = { [label.host]: 'node-1', [label.instanceUuid]: uuid };

/** An engine whose clock is hours behind ours. */
const clock = Date.parse('2020-01-01T00:00:00Z');
let events = 0;
const line = (Action: string, ago = 0): string => {
  events += 1;
  const time = (clock - ago * 1000) / 1000;
  const Actor = { ID: id, Attributes: { ...labels, name: instanceContainerName(uuid) } };
  return `${JSON.stringify({ Type: 'container', Action, Actor, time, timeNano: time * 1e9 + events * 1e4 })}\n`;
};

describe('EventFollower', () => {
  let fake: FakeEngine;
  let follower: EventFollower;
  let told: number[];
  let suspended: boolean;
  /** What the engine lists, and what it does with who asks for a list. */
  let status: string;
  let onList: (answer: () => void) => void;
  /** What it remembers, and what was asked of that. */
  let remembered: string;
  let intervals: { since: number; until: number }[];
  let stream: ServerResponse | undefined;
  /** How long the listener takes for an event. */
  let listen: () => Promise<void>;

  beforeEach(async () => {
    listen = () => Promise.resolve();
    [told, suspended, status, remembered, intervals, stream] = [[], false, 'running', '', [], undefined];
    onList = (answer) => answer();
    fake = await FakeEngine.start((request, response) => {
      const url = new URL(request.url ?? '', 'http://engine');
      if (url.pathname.endsWith('/containers/json')) {
        const listed = status;
        onList(() => answerJson(response, 200, [{ ...container, State: listed }]));
      } else if (url.pathname.endsWith('/info')) {
        answerJson(response, 200, { ...info, SystemTime: new Date(clock).toISOString() });
      } else if (url.searchParams.has('until')) {
        const [since, until] = [url.searchParams.get('since'), url.searchParams.get('until')];
        intervals.push({ since: Number(since), until: Number(until) });
        response.end(remembered);
      } else {
        stream = response;
        response.writeHead(200).flushHeaders();
      }
    });
    follower = new EventFollower({
      engine: fake.client(),
      host: 'node-1',
      emit: async ({ transition }) => {
        await listen();
        told.push(transition);
      },
      wasSuspended: () => Promise.resolve(suspended),
      logger: noOpLogger,
    });
    await follower.start();
  });
  afterEach(async () => {
    await follower.stop();
    await fake.stop();
  });

  /** Breaks the stream and waits for the next one. */
  async function breakStream(): Promise<void> {
    const before = stream;
    before?.destroy();
    await until(() => stream !== before, 'the follower is back');
  }
  const say = (text: string): unknown => stream?.write(text);

  it('tells what happened while the stream was broken, each once, whatever the time is at the engine', async () => {
    say(line('die', 60) + line('start', 50));
    await until(() => told.length === 2, 'what was on the stream is told');
    remembered = line('die', 5) + line('start', 4);
    const twice = remembered;
    await breakStream();
    say(twice + line('die'));
    await until(() => told.length >= 5, 'all is told');
    expect(told).toEqual([STOPPED, STARTED, STOPPED, STARTED, STOPPED]);
    const [interval] = intervals;
    expect(interval?.until).toBeCloseTo(clock / 1000, 1);
    expect(clock / 1000 - (interval?.since ?? 0)).toBeLessThan(10);
  });

  it('asks for nothing from before it began', async () => {
    await breakStream();
    await until(() => intervals.length > 0, 'the engine is asked what it remembers');
    expect(clock / 1000 - (intervals[0]?.since ?? 0)).toBeLessThan(10);
  });

  it('heeds no list that comes when its stream is gone', async () => {
    let late: (() => void) | undefined;
    onList = (answer) => {
      late = answer;
    };
    status = 'exited';
    await breakStream();
    await until(() => late !== undefined, 'the list is asked for');
    status = 'running';
    onList = (answer) => answer();
    await breakStream();
    await until(() => intervals.length > 0, 'the next stream is caught up');
    late?.();
    say(line('die'));
    await until(() => told.length > 0, 'the event is told');
    expect(told).toEqual([STOPPED]);
  });

  it.each([
    ['a line that is no JSON', 'junk\n'],
    ['a line without end', 'x'.repeat(longestLine + 1)],
    ['an event of another form', '{"Type":"container"}\n'],
  ])('goes on after %s, also when the engine remembers it', async (_what, junk) => {
    remembered = junk;
    const before = stream;
    say(junk);
    await until(() => stream !== before, 'the follower is back');
    say(line('die'));
    await until(() => told.length > 0, 'the event is told');
    expect(told).toEqual([STOPPED]);
  });

  it('opens a stream that breaks again and again less and less often', async () => {
    const count = (): number => fake.requests.filter((request) => request.includes('/events?filters')).length;
    const breaking = setInterval(() => stream?.destroy(), 5);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    clearInterval(breaking);
    expect(count()).toBeLessThan(6);
  });

  /** A listener that takes no event before it is let go. */
  function slowListener(): () => void {
    let letGo = (): void => undefined;
    const free = new Promise<void>((resolve) => (letGo = resolve));
    listen = () => free;
    return letGo;
  }

  it('keeps a bounded number of events for a slow listener, and tells it all in order, also what came when there were more', async () => {
    const letGo = slowListener();
    const first = stream;
    let isClosed = false;
    first?.on('close', () => (isClosed = true));
    const pairs = 6000;
    for (let pair = 0; pair < pairs; pair += 1) say(line('die') + line('start'));
    remembered = line('die') + line('start') + line('die');
    status = 'exited';
    await until(() => isClosed, 'the stream is given up');
    expect(fake.requests.filter((request) => request.includes('/events?filters'))).toHaveLength(1);
    letGo();
    await until(() => stream !== first && told.length % 2 === 1, 'all is told');
    expect(told.length).toBeGreaterThan(10_000);
    expect(told.every((transition, at) => transition === (at % 2 === 0 ? STOPPED : STARTED))).toBe(true);
  });

  it('tells what it has found out in order when the next stream breaks while the listener takes its time', async () => {
    const letGo = slowListener();
    remembered = line('die', 5) + line('start', 4);
    await breakStream();
    await until(() => intervals.length > 0, 'the engine is asked what it remembers');
    stream?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    remembered += line('die', 3);
    status = 'exited';
    letGo();
    await until(() => told.length >= 3, 'all is told');
    expect(told).toEqual([STOPPED, STARTED, STOPPED]);
  });

  it('stops although the listener never takes an event', async () => {
    slowListener();
    say(line('die'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await follower.stop();
    expect(told).toEqual([]);
  });

  it('tells a suspended instance from a paused one, and what comes after it later', async () => {
    suspended = true;
    say(line('pause') + line('unpause'));
    await until(() => told.length === 2, 'both are told');
    expect(told).toEqual([SUSPENDED, RESUMED]);
    status = 'paused';
    await breakStream();
    await until(() => told.length === 3, 'the difference is told');
    expect(told).toEqual([SUSPENDED, RESUMED, SUSPENDED]);
  });
});

/** What an engine tells of a container in a list and of itself, as far as the client insists on it. */
const container = {
  ...{ Id: id, Names: [`/${instanceContainerName(uuid)}`], Image: 'busybox', ImageID: `sha256:${id}` },
  ...{ Created: 0, Labels: labels, Status: '', Command: '', HostConfig: { NetworkMode: 'none' } },
};
const info = {
  ...{ ID: 'x', Name: 'node', ServerVersion: '20.10.24', DockerRootDir: '/var/lib/docker', NCPU: 2 },
  ...{ Containers: 0, ContainersRunning: 0, ContainersPaused: 0, ContainersStopped: 0, Images: 0 },
  ...{ MemTotal: 1, MemoryLimit: true, SwapLimit: true, PidsLimit: true, CpuCfsQuota: true, Driver: 'x' },
  ...{ CPUShares: true, CPUSet: true, KernelVersion: '6', OperatingSystem: 'Debian', OSType: 'linux' },
  ...{ Architecture: 'x86_64', CgroupDriver: 'cgroupfs', LoggingDriver: 'json-file' },
  ...{ DefaultRuntime: 'runc', LiveRestoreEnabled: false, Plugins: { Network: [], Volume: [] } },
};
