import { beforeEach, describe, expect, it } from '@jest/globals';
import type { NetworkInfo, VirtAPI } from '../../../interfaces/index.js';
import { whilePlugging } from '../../../lib/network/index.js';
import { newInstance, TestNetwork } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

const instance = newInstance();
const down: NetworkInfo = new TestNetwork().port(5).map((vif) => ({ ...vif, active: false }));
const how = { vifPluggingTimeoutSeconds: 5, vifPluggingIsFatal: true, logger: noOpLogger };
const start = (): Promise<string> => Promise.resolve('started');

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
  it('ends when each of them was reported', async () => {
    const reported: string[] = [];
    const virtapi = orchestrator((events) => {
      reported.push(...events);
      return Promise.resolve();
    });
    await expect(whilePlugging(virtapi, instance, down, how, start)).resolves.toBe('started');
    expect(reported).toEqual([`network-vif-plugged ${down[0]?.id}`]);
  });

  it('fails when one is not reported in time, or reported as failed', async () => {
    const failure = { name: 'VirtualInterfaceCreateException', instance_uuid: instance.uuid };
    const brief = { ...how, vifPluggingTimeoutSeconds: 0.05 };
    await expect(whilePlugging(silent, instance, down, brief, start)).rejects.toMatchObject(failure);
    await expect(whilePlugging(failing, instance, down, how, start)).rejects.toMatchObject(failure);
  });

  describe('with an orchestrator that does as Nova', () => {
    /** Nova's own wait, as far as reports that have come are concerned. */
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

    it('tells the seconds under the names of old and new versions of Nova', async () => {
      const virtapi = nova({ [one?.id ?? '']: 'completed' });
      await whilePlugging(virtapi, instance, down, how, start);
      expect(virtapi.timeouts).toEqual([[5, 5]]);
    });

    it('fails when a port is reported as failed, and names the event', async () => {
      await expect(whilePlugging(nova(oneFailed), instance, both, how, start)).rejects.toMatchObject({
        name: 'VirtualInterfaceCreateException',
        message: expect.stringContaining(`network-vif-plugged-${one?.id}`),
        instance_uuid: instance.uuid,
      });
    });

    it('goes on waiting for the others where that is not fatal', async () => {
      const lenient = { ...how, vifPluggingIsFatal: false };
      await expect(whilePlugging(nova(oneFailed), instance, both, lenient, start)).resolves.toBe('started');
    });
  });

  it('goes on without where that is not fatal', async () => {
    const lenient = { ...how, vifPluggingTimeoutSeconds: 0.05, vifPluggingIsFatal: false };
    await expect(whilePlugging(silent, instance, down, lenient, start)).resolves.toBe('started');
    await expect(whilePlugging(failing, instance, down, lenient, start)).resolves.toBe('started');
  });

  it('fails with its own failure, and waits for nothing then', async () => {
    const failure = new Error('no');
    const failed = whilePlugging(silent, instance, down, how, () => Promise.reject(failure));
    await expect(failed).rejects.toBe(failure);
  });

  it('is not begun any more when the orchestrator took too long to listen, or the caller has given up', async () => {
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
    await expect(whilePlugging(slow, instance, down, brief, counted)).rejects.toMatchObject({
      name: 'VirtualInterfaceCreateException',
      instance_uuid: instance.uuid,
    });
    listen();
    const impatience = new AbortController();
    const reason = new Error('enough');
    const waiting = whilePlugging(slow, instance, down, { ...how, signal: impatience.signal }, counted);
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    listen();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(starts).toBe(0);
  });

  it('takes the time it needs: only then the waiting begins', async () => {
    const slow = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return 'started';
    };
    const virtapi = orchestrator(() => Promise.resolve());
    await expect(
      whilePlugging(virtapi, instance, down, { ...how, vifPluggingTimeoutSeconds: 0.05 }, slow),
    ).resolves.toBe('started');
  });

  it('can be given up while it waits, and not before it is done', async () => {
    const impatience = new AbortController();
    const reason = new Error('enough');
    let done = false;
    const slow = async (): Promise<void> => {
      impatience.abort(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
      done = true;
    };
    const waiting = whilePlugging(silent, instance, down, { ...how, signal: impatience.signal }, slow);
    await expect(waiting).rejects.toBe(reason);
    expect(done).toBe(true);
  });
});

describe('the start of an instance in the hands of an orchestrator that does not keep to its part', () => {
  const careless = (listen: (action: () => Promise<unknown>) => Promise<never>): VirtAPI => ({
    wait_for_instance_event: (_instance, _events, _options, action) => listen(action),
  });
  /** Resolves, to nothing that anybody has asked for. */
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

  it('fails when the orchestrator gives up, and not before the start has ended: nobody could undo it', async () => {
    const impatient = careless((action) => {
      void action();
      return Promise.reject(new Error('the orchestrator gives up'));
    });
    await expect(whilePlugging(impatient, instance, down, how, slow)).rejects.toMatchObject({
      name: 'VirtualInterfaceCreateException',
      cause: { message: 'the orchestrator gives up' },
    });
    expect(ended).toBe(1);
  });

  it('fails when it was never begun, and is not begun later', async () => {
    let late = (): Promise<unknown> => Promise.resolve();
    const idle = careless((action) => {
      late = action;
      return over();
    });
    const failure = { name: 'VirtualInterfaceCreateException', instance_uuid: instance.uuid };
    await expect(whilePlugging(idle, instance, down, how, slow)).rejects.toMatchObject(failure);
    await expect(late()).rejects.toThrow();
    expect(starts).toBe(0);
  });

  it('fails with its own failure, whatever the orchestrator makes of it', async () => {
    const failure = new Error('no');
    const deaf = careless((action) => {
      void action();
      return over();
    });
    const failed = whilePlugging(deaf, instance, down, how, () => Promise.reject(failure));
    await expect(failed).rejects.toBe(failure);
  });

  it('is not over before it has ended, and is the only one when it is asked for twice', async () => {
    const hasty = careless((action) => {
      void action();
      void action();
      return over();
    });
    await expect(whilePlugging(hasty, instance, down, how, slow)).resolves.toBe('started');
    expect([starts, ended]).toEqual([1, 1]);
  });

  it('fails when the orchestrator throws at once', async () => {
    const broken = careless(() => {
      throw new Error('broken');
    });
    await expect(whilePlugging(broken, instance, down, how, slow)).rejects.toThrow('broken');
    expect(starts).toBe(0);
  });
});

describe('the start of any other instance', () => {
  const up = down.map((vif) => ({ ...vif, active: true }));
  const unknown = new TestNetwork().port(5);
  const cases: [string, NetworkInfo | null, VirtAPI | undefined, number][] = [
    ['whose interfaces are up', up, silent, 5],
    ['of whose interfaces nobody says that they are down', unknown, silent, 5],
    ['without interfaces', [], silent, 5],
    ['of whose interfaces nothing is known', null, silent, 5],
    ['for an orchestrator that reports nothing', down, undefined, 5],
    ['that the operator wants no waiting for', down, silent, 0],
  ];

  it.each(cases)('%s waits for nothing', async (_what, network_info, virtapi, timeout) => {
    await expect(
      whilePlugging(virtapi, instance, network_info, { ...how, vifPluggingTimeoutSeconds: timeout }, start),
    ).resolves.toBe('started');
  });
});
