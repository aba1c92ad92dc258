import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { containerRef, imageReference, type Polling } from '../../../../lib/engine/index.js';
import { createContainer, discardAttempt } from '../../../../lib/instances/index.js';
import { instanceContainerName, label } from '../../../../lib/common/labels.js';
import { newInstance } from '../../../support/nova-objects.js';
import { answerJson, FakeEngine } from '../../engine/fake-engine.js';

const [left, made] = ['a'.repeat(64), 'b'.repeat(64)];
const attempt = { host: 'node-1', id: 'tmp-1', power_on: true };

/** What engines leave of a container that they could not remove, seen while its files were in use. */
describe('createContainer when a container that is being removed has the name', () => {
  const instance = newInstance();
  const name = containerRef(instanceContainerName(instance.uuid));
  let fake: FakeEngine;
  let status: string;
  let host: string;
  /** Whether the container has the labels of the instance. */
  let isLabelled: boolean;
  /** How many requests the engine still refuses as under removal, and the removals that it received. */
  let busy: number;
  let removals: number;
  beforeEach(async () => {
    [status, host, isLabelled, busy, removals] = ['dead', attempt.host, true, 0, 0];
    let isThere = true;
    fake = await FakeEngine.start((request, response) => {
      if (request.method === 'POST')
        if (isThere) answerJson(response, 409, { message: `the name ${name} is in use` });
        else answerJson(response, 201, { Id: made, Warnings: [] });
      else if (!isThere) answerJson(response, 404, { message: 'No such container' });
      else if (request.method === 'GET') {
        if (host !== attempt.host && (busy -= 1) < 0) isThere = false;
        answerJson(response, 200, occupant());
      } else {
        removals += 1;
        if ((busy -= 1) >= 0) answerJson(response, 409, { message: 'removal is already in progress' });
        else {
          isThere = false;
          response.writeHead(204).end();
        }
      }
    });
  });
  afterEach(() => fake.stop());

  const occupant = (): object => ({
    ...{
      Id: left,
      Name: `/${name}`,
      Created: '',
      Image: `sha256:${left}`,
      RestartCount: 0,
      Path: 'x',
      Args: [],
    },
    State: {
      ...{ Status: status, Running: false, Paused: false, Restarting: false, OOMKilled: false },
      ...{ Dead: status === 'dead', Pid: 0, ExitCode: 0, Error: '' },
      ...{ StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '2026-01-01T00:00:01Z' },
    },
    Config: {
      ...{ Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false },
      Labels: !isLabelled
        ? {}
        : {
            ...{ [label.host]: host, [label.instanceUuid]: instance.uuid, [label.instanceName]: 'x' },
            ...{ [label.vcpus]: '1', [label.memoryMb]: '1', [label.rootGb]: '1', [label.attempt]: 'tmp-0' },
          },
    },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    Driver: 'overlay2',
    NetworkSettings: { Networks: {} },
    Mounts: [],
  });
  const create = (): Promise<string> =>
    createContainer(fake.client(), name, instance, { Image: imageReference('busybox', 'test') }, attempt);

  it('removes a dead container and takes over its name', async () => {
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(1);
  });

  it('waits for the pending removal of a container of its own host', async () => {
    [status, busy] = ['removing', 3];
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(4);
  });

  it("waits for the pending removal of another host's container, without removing it", async () => {
    [status, host, busy] = ['removing', 'node-2', 3];
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(0);
  });

  it("refuses with InstanceExists when another host's container is dead", async () => {
    [host, busy] = ['node-2', Infinity];
    await expect(create()).rejects.toMatchObject({
      name: 'InstanceExists',
      message: expect.stringMatching(
        `${instance.uuid} exists already on host node-2, as container ${name}: destroy it there`,
      ),
      instance_uuid: instance.uuid,
    });
    expect(removals).toBe(0);
  });

  it('names the container that has the name if it does not belong to the instance, and leaves it alone', async () => {
    [status, isLabelled, busy] = ['exited', false, Infinity];
    await expect(create()).rejects.toMatchObject({
      name: 'InstanceExists',
      message: expect.stringMatching(
        `${name} is taken by container ${left}, which does not belong .*: remove or rename`,
      ),
    });
    expect(removals).toBe(0);
  });
});

describe('createContainer when the answer to its request was lost', () => {
  const instance = newInstance();
  const name = containerRef(instanceContainerName(instance.uuid));
  let fake: FakeEngine;
  /** The outcome of each request, in order; `lost` breaks the connection. */
  let outcomes: ('lost' | 'failed' | 'made' | 'none')[];
  beforeEach(async () => {
    fake = await FakeEngine.start((request, response) => {
      const outcome = outcomes.shift();
      if (outcome === 'lost') request.socket.destroy();
      else if (outcome === 'failed') answerJson(response, 500, { message: 'out of sorts' });
      else if (outcome === 'none') answerJson(response, 404, { message: `No such container: ${name}` });
      else if (request.method === 'POST') answerJson(response, 201, { Id: made, Warnings: [] });
      else answerJson(response, 200, inspected(made, name, instance.uuid));
    });
  });
  afterEach(() => fake.stop());
  const create = (within?: Polling): Promise<string> =>
    createContainer(
      fake.client(),
      name,
      instance,
      { Image: imageReference('busybox', 'test') },
      attempt,
      within,
    );
  const asked = (): string[] => fake.requests.slice(1).map((line) => line.split(' ', 1).join());

  it('looks for the container again when the first lookup fails too', async () => {
    // The client itself retries a read that breaks on a reused connection.
    outcomes = ['lost', 'lost', 'lost', 'lost', 'made'];
    await expect(create()).resolves.toBe(made);
  });

  it('creates the container again, after every lost answer, if it does not exist', async () => {
    outcomes = ['lost', 'none', 'lost', 'lost', 'lost', 'none', 'made'];
    await expect(create()).resolves.toBe(made);
    expect(asked().filter((method) => method === 'POST')).toHaveLength(3);
  });

  it('looks for the container again when the engine answers with an error', async () => {
    outcomes = ['lost', 'failed', 'failed', 'made'];
    await expect(create()).resolves.toBe(made);
  });

  it("fails with the engine's answer to the repeated request", async () => {
    outcomes = ['lost', 'none', 'none'];
    await expect(create()).rejects.toMatchObject({ name: 'EngineError', status: 404 });
  });

  it('fails as maybe done while the engine stays away, so that the caller waits for the container', async () => {
    outcomes = Array.from({ length: 1000 }, () => 'lost');
    await expect(create({ timeoutMs: 200, intervalMs: 20 })).rejects.toMatchObject({
      name: 'EngineUnreachable',
      maybeDone: true,
      request: { method: 'POST' },
    });
  });
});

describe('discardAttempt', () => {
  it('waits for an engine that is away, and removes the container that it created meanwhile', async () => {
    const { uuid } = newInstance();
    const name = containerRef(instanceContainerName(uuid));
    let away = 4;
    const fake = await FakeEngine.start((request, response) => {
      if ((away -= 1) >= 0) request.socket.destroy();
      else if (request.method === 'GET') answerJson(response, 200, inspected(made, name, uuid));
      else response.writeHead(204).end();
    });
    try {
      await discardAttempt(fake.client(), [name], attempt, undefined);
      expect(fake.requests.at(-1)).toMatch(`DELETE /v1.41/containers/${made}`);
    } finally {
      await fake.stop();
    }
  });
});

/** A container of the attempt, as an engine describes it. */
function inspected(id: string, name: string, uuid: string): object {
  return {
    ...{ Id: id, Name: `/${name}`, Created: '', Image: `sha256:${id}`, Driver: 'overlay2', RestartCount: 0 },
    State: {
      ...{ Status: 'created', Running: false, Paused: false, Restarting: false, OOMKilled: false },
      ...{ Dead: false, Pid: 0, ExitCode: 0, Error: '' },
      ...{ StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' },
    },
    Config: {
      ...{ Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false },
      Labels: {
        ...{ [label.host]: attempt.host, [label.instanceUuid]: uuid, [label.instanceName]: 'x' },
        ...{ [label.vcpus]: '1', [label.memoryMb]: '1', [label.rootGb]: '1', [label.attempt]: attempt.id },
      },
    },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}
