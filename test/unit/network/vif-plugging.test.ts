import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance, NetworkInfo, VirtAPI } from '../../../interfaces/index.js';
import { PluggingWait } from '../../../lib/network/index.js';
import { newInstance, TestNetwork } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

const instance = newInstance();
const down: NetworkInfo = new TestNetwork().port(5).map((vif) => ({ ...vif, active: false }));
const how = { vifPluggingTimeoutSeconds: 5, vifPluggingIsFatal: true, logger: noOpLogger };
const start = (): Promise<string> => Promise.resolve('started');

/** Starts an instance as a verb does. */
const startPlugged = async <T>(
  virtapi: VirtAPI | undefined,
  given: Instance,
  network_info: NetworkInfo | null,
  options: Parameters<typeof PluggingWait.begin>[3],
  action: () => Promise<T>,
): Promise<T> => {
  const plugging = await PluggingWait.begin(virtapi, given, network_info, options);
  let value: T;
  try {
    value = await action();
  } catch (error) {
    plugging?.fail(error);
    throw error;
  }
  await plugging?.reported();
  return value;
};

/** An orchestrator that hears of the events when `reported` says so, and begins to listen before the action. */
const orchestrator = (reported: (tags: readonly string[]) => Promise<unknown>): VirtAPI => ({
  wait_for_instance_event: async (_instance, events, _options, action) => {
    const report = reported(events.map(([name, tag]) => `${name} ${tag}`));
    report.catch(() => undefined);
    const value = await action();
    await report;
    return value;
  },
});
const silent = orchestrator(() => new Promise(() => undefined));
const failing = orchestrator(() => Promise.reject(new Error('the port is in error')));

describe('the start of an instance whose interfaces are down', () => {
  it('ends when the orchestrator has reported each interface', async () => {
    const reported: string[] = [];
    const virtapi = orchestrator((events) => {
      reported.push(...events);
      return Promise.resolve();
    });
    await expect(startPlugged(virtapi, instance, down, how, start)).resolves.toBe('started');
    expect(reported).toEqual([`network-vif-plugged ${down[0]?.id}`]);
  });

  it('fails when an interface is not reported in time, or reported as failed', async () => {
    const failure = { name: 'VirtualInterfaceCreateException', instance_uuid: instance.uuid };
    const brief = { ...how, vifPluggingTimeoutSeconds: 0.05 };
    await expect(startPlugged(silent, instance, down, brief, start)).rejects.toMatchObject(failure);
    await expect(startPlugged(failing, instance, down, how, start)).rejects.toMatchObject(failure);
  });

  describe('with an orchestrator that behaves like Nova', () => {
    /** Nova's own wait, for reports that have arrived already. */
    const nova = (statuses: Readonly<Record<string, string>>): VirtAPI & { timeouts: unknown[] } => ({
      timeouts: [],
      async wait_for_instance_event(given, events, { timeout, deadline, error_callback }, action) {
        this.timeouts.push([timeout, deadline]);
        const value = await action();
        for (const [name, tag] of events) {
          if (statuses[tag ?? ''] === 'completed') continue;
          if (error_callback === undefined) throw new Error('Instance event failed');
          if (!error_callback(`${name}-${tag ?? ''}`, given)) break;
        }
        return value;
      },
    });
    const [one, two] = [...down, ...new TestNetwork().port(6).map((vif) => ({ ...vif, active: false }))];
    const both = [one, two].filter((vif) => vif !== undefined);
    const oneFailed = { [one?.id ?? '']: 'failed', [two?.id ?? '']: 'completed' };

    it('passes the timeout under the names of old and new versions of Nova', async () => {
      const virtapi = nova({ [one?.id ?? '']: 'completed' });
      await startPlugged(virtapi, instance, down, how, start);
      expect(virtapi.timeouts).toEqual([[5, 5]]);
    });

    it('fails when a port is reported as failed, and names the event', async () => {
      await expect(startPlugged(nova(oneFailed), instance, both, how, start)).rejects.toMatchObject({
        name: 'VirtualInterfaceCreateException',
        message: expect.stringContaining(`network-vif-plugged-${one?.id}`),
        instance_uuid: instance.uuid,
      });
    });

    it('continues to wait for the other ports if that is not fatal', async () => {
      const lenient = { ...how, vifPluggingIsFatal: false };
      await expect(startPlugged(nova(oneFailed), instance, both, lenient, start)).resolves.toBe('started');
    });
  });

  it('succeeds without the reports if that is not fatal', async () => {
    const lenient = { ...how, vifPluggingTimeoutSeconds: 0.05, vifPluggingIsFatal: false };
    await expect(startPlugged(silent, instance, down, lenient, start)).resolves.toBe('started');
    await expect(startPlugged(failing, instance, down, lenient, start)).resolves.toBe('started');
  });

  it('fails with its own failure, without waiting for reports', async () => {
    const failure = new Error('no');
    const failed = startPlugged(silent, instance, down, how, () => Promise.reject(failure));
    await expect(failed).rejects.toBe(failure);
  });

  it('never begins if the orchestrator begins to wait too late, or the caller has aborted', async () => {
    let listen = (): void => undefined;
    const slow: VirtAPI = {
      wait_for_instance_event: async (_instance, _events, _options, action) => {
        await new Promise<void>((resolve) => (listen = resolve));
        return await action();
      },
    };
    let starts = 0;
    const counted = (): Promise<number> => Promise.resolve((starts += 1));
    const brief = { ...how, vifPluggingTimeoutSeconds: 0.05 };
    await expect(startPlugged(slow, instance, down, brief, counted)).rejects.toMatchObject({
      name: 'VirtualInterfaceCreateException',
      instance_uuid: instance.uuid,
    });
    listen();
    const impatience = new AbortController();
    const reason = new Error('enough');
    const waiting = startPlugged(slow, instance, down, { ...how, signal: impatience.signal }, counted);
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    listen();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(starts).toBe(0);
  });

  it('may take longer than the timeout, which begins after it', async () => {
    const slow = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return 'started';
    };
    const virtapi = orchestrator(() => Promise.resolve());
    await expect(
      startPlugged(virtapi, instance, down, { ...how, vifPluggingTimeoutSeconds: 0.05 }, slow),
    ).resolves.toBe('started');
  });

  it('can be aborted while it waits for reports, but rejects only after the start has ended', async () => {
    const impatience = new AbortController();
    const reason = new Error('enough');
    let done = false;
    const slow = async (): Promise<void> => {
      impatience.abort(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
      done = true;
    };
    const waiting = startPlugged(silent, instance, down, { ...how, signal: impatience.signal }, slow);
    await expect(waiting).rejects.toBe(reason);
    expect(done).toBe(true);
  });
});

describe('the start of an instance with an orchestrator that violates its contract', () => {
  const careless = (listen: (action: () => Promise<unknown>) => Promise<never>): VirtAPI => ({
    wait_for_instance_event: (_instance, _events, _options, action) => listen(action),
  });
  /** Resolves without the value that the contract requires. */
  const over = (): Promise<never> =>
    new Promise<never>((resolve) => void Reflect.apply(resolve, undefined, []));
  let starts = 0;
  let ended = 0;
  const slow = async (): Promise<string> => {
    starts += 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    ended += 1;
    return 'started';
  };
  beforeEach(() => {
    starts = ended = 0;
  });

  it('fails when the orchestrator aborts, but only after the start has ended, so that it can be undone', async () => {
    const impatient = careless((action) => {
      void action();
      return Promise.reject(new Error('the orchestrator gives up'));
    });
    await expect(startPlugged(impatient, instance, down, how, slow)).rejects.toMatchObject({
      name: 'VirtualInterfaceCreateException',
      cause: { message: 'the orchestrator gives up' },
    });
    expect(ended).toBe(1);
  });

  it('fails when the orchestrator never began it, and refuses to begin later', async () => {
    let late = (): Promise<unknown> => Promise.resolve();
    const idle = careless((action) => {
      late = action;
      return over();
    });
    const failure = { name: 'VirtualInterfaceCreateException', instance_uuid: instance.uuid };
    await expect(startPlugged(idle, instance, down, how, slow)).rejects.toMatchObject(failure);
    await expect(late()).rejects.toThrow();
    expect(starts).toBe(0);
  });

  it('fails with its own failure, even if the orchestrator swallows that', async () => {
    const failure = new Error('no');
    const deaf = careless((action) => {
      void action();
      return over();
    });
    const failed = startPlugged(deaf, instance, down, how, () => Promise.reject(failure));
    await expect(failed).rejects.toBe(failure);
  });

  it('is awaited, and runs only once, when the orchestrator begins it twice', async () => {
    const hasty = careless((action) => {
      void action();
      void action();
      return over();
    });
    await expect(startPlugged(hasty, instance, down, how, slow)).resolves.toBe('started');
    expect([starts, ended]).toEqual([1, 1]);
  });

  it('fails when the orchestrator throws synchronously', async () => {
    const broken = careless(() => {
      throw new Error('broken');
    });
    await expect(startPlugged(broken, instance, down, how, slow)).rejects.toThrow('broken');
    expect(starts).toBe(0);
  });
});

describe('whilePlugging', () => {
  const up = down.map((vif) => ({ ...vif, active: true }));
  const unknown = new TestNetwork().port(5);
  const cases: [string, NetworkInfo | null, VirtAPI | undefined, number][] = [
    ['whose interfaces are up', up, silent, 5],
    ['whose interfaces are not marked as down', unknown, silent, 5],
    ['without interfaces', [], silent, 5],
    ['whose interfaces are unknown', null, silent, 5],
    ['whose orchestrator reports nothing', down, undefined, 5],
    ['for which the operator sets a timeout of 0', down, silent, 0],
  ];

  it.each(cases)('waits for no report of an instance %s', async (_what, network_info, virtapi, timeout) => {
    await expect(
      startPlugged(virtapi, instance, network_info, { ...how, vifPluggingTimeoutSeconds: timeout }, start),
    ).resolves.toBe('started');
  });
});
