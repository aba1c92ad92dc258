import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { containerRef, imageReference } from '../../../lib/engine/index.js';
import { createContainer } from '../../../lib/instances/index.js';
import { instanceContainerName, label } from '../../../lib/labels.js';
import { newInstance } from '../../support/nova-objects.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const [left, made] = ['a'.repeat(64), 'b'.repeat(64)];
const attempt = { host: 'node-1', id: 'tmp-1', power_on: true };

/** What engines leave of a container that they were told to remove and could not, seen when its files were in use. */
describe('createContainer, when a container that is being removed has the name', () => {
  const instance = newInstance();
  const name = containerRef(instanceContainerName(instance.uuid));
  let fake: FakeEngine;
  let status: string;
  let host: string;
  /** How often the engine says that a removal is under way, and whether it is the one asked for. */
  let busy: number;
  let removals: number;
  beforeEach(async () => {
    [status, host, busy, removals] = ['dead', attempt.host, 0, 0];
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
      Labels: {
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

  it('removes one that is dead, and takes its place', async () => {
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(1);
  });

  it('waits for the removal of its own that is under way', async () => {
    [status, busy] = ['removing', 3];
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(4);
  });

  it("waits for the removal of another host's, and leaves it alone", async () => {
    [status, host, busy] = ['removing', 'node-2', 3];
    await expect(create()).resolves.toBe(made);
    expect(removals).toBe(0);
  });

  it("takes the place of no other host's that is dead", async () => {
    [host, busy] = ['node-2', Infinity];
    await expect(create()).rejects.toMatchObject({ name: 'InstanceExists' });
    expect(removals).toBe(0);
  });
});
