import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LongRunningOptions } from '../../../interfaces/index.js';
import { InstanceDeployFailure, InvalidInput } from '../../../interfaces/index.js';
import { ComputeHost } from '../../../lib/driver/compute-host.js';
import { startReplayer, type Replayer } from '../../../lib/testing/index.js';
import {
  callOrchestrator,
  type OfInstance,
  schemas,
  type Verb,
} from '../../../lib/verbs/definition/index.js';
import { newInstance } from '../../support/nova-objects.js';
import { SmallImageService } from '../../support/small-image-service.js';

type TestVerb<Result> = Verb<OfInstance, LongRunningOptions, Result>;

/** A verb that holds the lock of its instance. */
const verbOf = <Result>(run: TestVerb<Result>['run']): TestVerb<Result> => ({
  action: 'test',
  lock: 'instance',
  failure: InstanceDeployFailure,
  arguments: { instance: schemas.instance },
  run,
});

const recording = fileURLToPath(new URL('../../../fixtures/engine-28.5/not-found.json', import.meta.url));
const instance = newInstance();

describe('ComputeHost.run', () => {
  let replayer: Replayer;
  let host: ComputeHost;
  beforeAll(async () => {
    replayer = await startReplayer(recording, { mode: 'matching' });
    host = new ComputeHost({ engine: replayer.host, imageService: new SmallImageService() });
    await host.start('node-1', () => Promise.resolve(), {});
  });
  afterAll(async () => {
    await host.stop();
    await replayer.close();
  });

  it('validates arguments and options before it runs the verb', async () => {
    let ran = false;
    const verb = verbOf(() => {
      ran = true;
      return Promise.resolve();
    });
    const nameless = { ...instance };
    Reflect.deleteProperty(nameless, 'name');
    const options: LongRunningOptions = {};
    Reflect.set(options, 'signal', 'x');
    await expect(host.run(verb, { instance: nameless }, {})).rejects.toThrow(InvalidInput);
    await expect(host.run(verb, { instance }, options)).rejects.toThrow(InvalidInput);
    expect(ran).toBe(false);
  });

  it('converts an error to the failure of the verb, with its action and instance', async () => {
    const verb = verbOf(() => Promise.reject(new Error('no luck')));
    await expect(host.run(verb, { instance }, {})).rejects.toMatchObject({
      name: 'InstanceDeployFailure',
      message: `Could not test instance ${instance.uuid}: no luck`,
    });
  });

  it('rethrows an error of the orchestrator unchanged', async () => {
    const failure = new TypeError('of the orchestrator');
    const verb = verbOf(() => callOrchestrator(() => Promise.reject(failure)));
    await expect(host.run(verb, { instance }, {})).rejects.toBe(failure);
  });

  it('passes the uuid in lower case, and uses one lock for all spellings of it', async () => {
    const order: string[] = [];
    const shouted = { ...instance, uuid: instance.uuid.toUpperCase() };
    const first = host.run(
      verbOf(async (_node, given) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`first ${given.instance.uuid}`);
      }),
      { instance: shouted },
      {},
    );
    const second = host.run(
      verbOf(() => Promise.resolve(order.push('second'))),
      { instance },
      {},
    );
    await Promise.all([first, second]);
    expect(order).toEqual([`first ${instance.uuid}`, 'second']);
  });

  it('lets other verbs run from releaseLock to acquireLock', async () => {
    const order: string[] = [];
    const other = (name: string): Promise<number> =>
      host.run(
        verbOf(() => Promise.resolve(order.push(name))),
        { instance },
        {},
      );
    let last: Promise<number> | undefined;
    const verb = verbOf(async (_node, { releaseLock, acquireLock }) => {
      releaseLock();
      await other('between');
      await acquireLock();
      last = other('after');
      await new Promise((resolve) => setImmediate(resolve));
      order.push('end');
    });
    await host.run(verb, { instance }, {});
    await last;
    expect(order).toEqual(['between', 'end', 'after']);
  });

  it('releases the lock of a verb that fails', async () => {
    const failing = host.run(
      verbOf(() => Promise.reject(new Error('no'))),
      { instance },
      {},
    );
    const next = host.run(
      verbOf(() => Promise.resolve('next')),
      { instance },
      {},
    );
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });
});
