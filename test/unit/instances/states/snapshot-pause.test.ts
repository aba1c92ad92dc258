import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { label } from '../../../../lib/common/index.js';
import { containerRef, type Engine } from '../../../../lib/engine/index.js';
import {
  InstanceStateStore,
  pauseInstance,
  SnapshotPause,
  unpauseInstance,
} from '../../../../lib/instances/index.js';
import { newInstance } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { answerJson, FakeEngine, until } from '../../engine/fake-engine.js';

const id = 'a'.repeat(64);
const started = '2026-01-01T00:00:00Z';

describe("a snapshot's pause", () => {
  const instance = newInstance();
  let fake: FakeEngine;
  let engine: Engine;
  let states: InstanceStateStore;
  let status: string;
  let record: object | undefined;
  /** Each answers one request to unpause; then the fake engine does it. */
  let failures: ((response: ServerResponse) => void)[];
  const errors: string[] = [];

  beforeEach(async () => {
    [status, record, failures] = ['running', undefined, []];
    errors.length = 0;
    fake = await FakeEngine.start((request, response) => {
      const { method, url = '' } = request;
      if (url.includes('/volumes')) {
        if (method === 'POST') {
          let body = '';
          request.setEncoding('utf8').on('data', (text: string) => void (body += text));
          request.on('end', () => {
            const asked: unknown = JSON.parse(body);
            if (typeof asked !== 'object') throw new Error(`not a volume: ${body}`);
            const made = { ...asked, Driver: 'local', Mountpoint: '/', Scope: 'local' };
            record = made;
            answerJson(response, 201, made);
          });
        } else if (method === 'DELETE') {
          record = undefined;
          response.writeHead(204).end();
        } else if (record === undefined) answerJson(response, 404, { message: 'no such volume' });
        else answerJson(response, 200, record);
      } else if (url.endsWith('/unpause')) {
        const failure = failures.shift();
        if (failure !== undefined) {
          failure(response);
          return;
        }
        status = 'running';
        response.writeHead(204).end();
      } else if (url.endsWith('/pause')) {
        if (status === 'paused') answerJson(response, 409, { message: 'is already paused' });
        else {
          status = 'paused';
          response.writeHead(204).end();
        }
      } else answerJson(response, 200, inspected());
    });
    engine = fake.client();
    states = new InstanceStateStore(engine, 'node-1');
  });
  afterEach(() => fake.stop());

  const inspected = (): object => ({
    ...{ Id: id, Name: '/x', Created: '', Image: `sha256:${id}`, RestartCount: 0, Path: 'x', Args: [] },
    State: {
      ...{ Status: status, Running: true, Paused: status === 'paused', Restarting: false, Dead: false },
      ...{ OOMKilled: false, Pid: 1, ExitCode: 0, Error: '', StartedAt: started, FinishedAt: '' },
    },
    Config: { Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false, Labels: {} },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    ...{ Driver: 'overlay2', Mounts: [], NetworkSettings: { Networks: {} } },
  });
  const inspect = () => fake.client().containers.inspect(containerRef(id));
  const begin = async (): Promise<SnapshotPause> => {
    const logger = { ...noOpLogger, error: (message: string) => void errors.push(message) };
    return await SnapshotPause.begin({ engine, states, logger }, instance, await inspect());
  };
  const breakOff = (response: ServerResponse): void => void response.destroy();

  it('ends although the engine breaks off the first request to end it', async () => {
    const pause = await begin();
    expect(status).toBe('paused');
    failures = [breakOff, breakOff];
    await pause.end();
    expect([status, record, errors]).toEqual(['running', undefined, []]);
  });

  it('does not hide how the snapshot ends, and is ended in the background, when the engine refuses', async () => {
    const pause = await begin();
    failures = [(response) => answerJson(response, 500, { message: 'cannot unpause' })];
    await pause.end();
    expect(errors).toEqual([expect.stringContaining('could not unpause')]);
    await until(() => status === 'running' && record === undefined, 'the instance runs');
  });

  it("becomes the user's pause when the user pauses the instance that a dead driver left frozen", async () => {
    await begin();
    expect(record).toMatchObject({ Labels: { [label.snapshotPauseRun]: started } });
    await pauseInstance(engine, states, instance, await inspect());
    expect([status, record]).toEqual(['paused', undefined]);
  });

  it('leaves no record when the user unpauses the instance', async () => {
    await begin();
    await unpauseInstance(engine, states, instance, await inspect());
    expect([status, record]).toEqual(['running', undefined]);
  });
});
