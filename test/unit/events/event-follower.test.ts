import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { maxLineBytes } from '../../../lib/engine/json-lines.js';
import { EventFollower } from '../../../lib/events/index.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { answerJson, FakeEngine, until } from '../engine/fake-engine.js';

const { STARTED, STOPPED, SUSPENDED, RESUMED } = lifecycle_event;
const uuid = 'e08a638c-8f39-417f-9413-de6f6ab98f3f';
const id = 'a'.repeat(64);
const labels = { [label.host]: 'node-1', [label.instanceUuid]: uuid };

/** The clock of the engine is years behind ours. */
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
  let reported: number[];
  let suspended: boolean;
  /** The status in the engine's list of containers, and a hook that may delay the list. */
  let status: string;
  let onList: (answer: () => void) => void;
  /** The past events that the engine replays, and the intervals that the follower requested. */
  let remembered: string | Buffer;
  let intervals: { since: number; until: number }[];
  let stream: ServerResponse | undefined;
  /** What the listener waits for at each event. */
  let listen: () => Promise<void>;

  beforeEach(async () => {
    listen = () => Promise.resolve();
    [reported, suspended, status, remembered, intervals, stream] = [[], false, 'running', '', [], undefined];
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
        reported.push(transition);
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

  /** Breaks the event stream and waits for the next one. */
  async function breakStream(): Promise<void> {
    const before = stream;
    before?.destroy();
    await until(() => stream !== before, 'the follower has reconnected');
  }
  const send = (text: string | Buffer): unknown => stream?.write(text);

  it("reports what happened while the stream was broken, each event once, whatever the engine's clock says", async () => {
    send(line('die', 60) + line('start', 50));
    await until(() => reported.length === 2, 'the events of the first stream are reported');
    remembered = line('die', 5) + line('start', 4);
    const twice = remembered;
    await breakStream();
    send(twice + line('die'));
    await until(() => reported.length >= 5, 'every event is reported');
    expect(reported).toEqual([STOPPED, STARTED, STOPPED, STARTED, STOPPED]);
    const [interval] = intervals;
    expect(interval?.until).toBeCloseTo(clock / 1000, 1);
    expect(clock / 1000 - (interval?.since ?? 0)).toBeLessThan(10);
  });

  it('requests no events from before its start', async () => {
    await breakStream();
    await until(() => intervals.length > 0, 'the follower requests past events');
    expect(clock / 1000 - (intervals[0]?.since ?? 0)).toBeLessThan(10);
  });

  it('ignores a list that arrives after its stream has broken', async () => {
    let late: (() => void) | undefined;
    onList = (answer) => {
      late = answer;
    };
    status = 'exited';
    await breakStream();
    await until(() => late !== undefined, 'the list is requested');
    status = 'running';
    onList = (answer) => answer();
    await breakStream();
    await until(() => intervals.length > 0, 'the next stream has caught up');
    late?.();
    send(line('die'));
    await until(() => reported.length > 0, 'the event is reported');
    expect(reported).toEqual([STOPPED]);
  });

  it.each([
    ['a line that is not JSON', 'junk\n'],
    ['an overlong line', Buffer.alloc(maxLineBytes + 1, 'x')],
    ['an event in an unknown format', '{"Type":"container"}\n'],
  ])('continues after %s, even when the engine replays it', async (_what, junk) => {
    remembered = junk;
    const before = stream;
    send(junk);
    await until(() => stream !== before, 'the follower has reconnected');
    send(line('die'));
    await until(() => reported.length > 0, 'the event is reported');
    expect(reported).toEqual([STOPPED]);
  });

  it('backs off when the stream breaks repeatedly', async () => {
    const count = (): number => fake.requests.filter((request) => request.includes('/events?filters')).length;
    const breaking = setInterval(() => stream?.destroy(), 5);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    clearInterval(breaking);
    expect(count()).toBeLessThan(6);
  });

  /** Makes the listener block at every event until the returned function is called. */
  function slowListener(): () => void {
    let letGo = (): void => undefined;
    const free = new Promise<void>((resolve) => (letGo = resolve));
    listen = () => free;
    return letGo;
  }

  it('queues a bounded number of events for a slow listener, and reports all in order, also those beyond the bound', async () => {
    const letGo = slowListener();
    const first = stream;
    let isClosed = false;
    first?.on('close', () => (isClosed = true));
    const pairs = 6000;
    for (let pair = 0; pair < pairs; pair += 1) send(line('die') + line('start'));
    remembered = line('die') + line('start') + line('die');
    status = 'exited';
    await until(() => isClosed, 'the follower has closed the stream');
    expect(fake.requests.filter((request) => request.includes('/events?filters'))).toHaveLength(1);
    letGo();
    await until(() => stream !== first && reported.length % 2 === 1, 'every event is reported');
    expect(reported.length).toBeGreaterThan(10_000);
    expect(reported.every((transition, at) => transition === (at % 2 === 0 ? STOPPED : STARTED))).toBe(true);
  });

  it('reports past events in order when the next stream breaks while the listener is busy', async () => {
    const letGo = slowListener();
    remembered = line('die', 5) + line('start', 4);
    await breakStream();
    await until(() => intervals.length > 0, 'the follower requests past events');
    stream?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    remembered += line('die', 3);
    status = 'exited';
    letGo();
    await until(() => reported.length >= 3, 'every event is reported');
    expect(reported).toEqual([STOPPED, STARTED, STOPPED]);
  });

  it('stops although the listener never returns', async () => {
    slowListener();
    send(line('die'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await follower.stop();
    expect(reported).toEqual([]);
  });

  it('distinguishes a suspended instance from a paused one, in events and in lists', async () => {
    suspended = true;
    send(line('pause') + line('unpause'));
    await until(() => reported.length === 2, 'both are reported');
    expect(reported).toEqual([SUSPENDED, RESUMED]);
    status = 'paused';
    await breakStream();
    await until(() => reported.length === 3, 'the difference is reported');
    expect(reported).toEqual([SUSPENDED, RESUMED, SUSPENDED]);
  });
});

/** A container in a list, and `/info`, with the fields that the client requires. */
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
