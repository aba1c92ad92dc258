import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Instance } from '../../../interfaces/index.js';
import { type ContainerInspect, containerRef, type Engine } from '../../../lib/engine/index.js';
import {
  canResizeInPlace,
  InstanceStateStore,
  resizeInPlace,
  undoResize,
} from '../../../lib/instances/index.js';
import { newFlavor, newInstance } from '../../support/nova-objects.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const id = 'a'.repeat(64);
const policy = { maxPids: 4096, maxOpenFiles: { soft: 1024, hard: 4096 }, blockDevice: '/dev/sda' };
const slow = newFlavor({ extra_specs: { 'quota:disk_read_bytes_sec': '1000' } });
const fast = newFlavor({ extra_specs: { 'quota:disk_write_iops_sec': '50' } });
const before: Instance = newInstance({ flavor: slow });
const after: Instance = { ...before, flavor: fast };

describe('a resize that changes disk rates', () => {
  let fake: FakeEngine;
  let engine: Engine;
  let states: InstanceStateStore;
  const volumes = new Map<string, object>();
  const updates: unknown[] = [];

  beforeEach(async () => {
    volumes.clear();
    updates.length = 0;
    fake = await FakeEngine.start((request, response) => {
      void text(request).then((body) => {
        const { method = '', url = '' } = request;
        const name = /\/volumes\/([^/?]+)/.exec(url)?.[1] ?? '';
        if (url.endsWith('/update')) {
          updates.push(JSON.parse(body));
          answerJson(response, 200, { Warnings: null });
        } else if (url.endsWith('/volumes/create')) {
          const wanted = z.looseObject({ Name: z.string() }).parse(JSON.parse(body));
          const made = { ...wanted, Driver: 'local', Mountpoint: '/', Scope: 'local' };
          volumes.set(wanted.Name, made);
          answerJson(response, 201, made);
        } else if (method === 'DELETE') {
          const isThere = volumes.delete(name);
          if (isThere) response.writeHead(204).end();
          else answerJson(response, 404, { message: 'no such volume' });
        } else if (name === '') answerJson(response, 200, container);
        else
          answerJson(
            response,
            volumes.has(name) ? 200 : 404,
            volumes.get(name) ?? { message: 'no such volume' },
          );
      });
    });
    engine = fake.client();
    states = new InstanceStateStore(engine, 'node-1');
  });
  afterEach(() => fake.stop());

  const container = {
    ...{ Id: id, Name: '/x', Created: '', Image: `sha256:${id}`, RestartCount: 0, Driver: 'overlay2' },
    State: {
      ...{ Status: 'exited', Running: false, Paused: false, Restarting: false, Dead: false },
      ...{ OOMKilled: false, Pid: 0, ExitCode: 0, Error: '', StartedAt: '', FinishedAt: '' },
    },
    Config: { Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false, Labels: {} },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 5, MemorySwap: 5, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false, PidsLimit: 7 },
      BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1000 }],
    },
    Mounts: [],
    NetworkSettings: { Networks: {} },
  };
  const inspect = (): Promise<ContainerInspect> => engine.containers.inspect(containerRef(id));
  const speaks = (ApiVersion: string): void => {
    fake.version = { ...fake.version, ApiVersion };
  };

  it.each([
    ['1.54', policy, false],
    ['1.55', policy, true],
    ['1.55', { ...policy, blockDevice: undefined }, false],
  ])('is possible in place with API %s and the options %j: %p', async (api, given, isPossible) => {
    speaks(api);
    expect(await canResizeInPlace(engine, before, fast, await inspect(), given)).toBe(isPossible);
  });

  it('sets the rates of the new flavor, removes the others, and is undone', async () => {
    speaks('1.55');
    await resizeInPlace(engine, states, after, await inspect(), policy);
    await undoResize(engine, states, before, await inspect());
    const none = { BlkioDeviceReadIOps: [], BlkioDeviceWriteBps: [] };
    expect(updates).toEqual([
      expect.objectContaining({
        ...none,
        BlkioDeviceReadBps: [],
        BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 50 }],
      }),
      expect.objectContaining({
        ...none,
        ...{ Memory: 5, PidsLimit: 7 },
        BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1000 }],
        BlkioDeviceWriteIOps: [],
      }),
    ]);
  });

  it('does not ask an engine before API 1.55 for rates, which it would ignore', async () => {
    speaks('1.51');
    await resizeInPlace(
      engine,
      states,
      { ...before, flavor: newFlavor({ vcpus: 2 }) },
      await inspect(),
      policy,
    );
    expect(updates).toEqual([expect.not.objectContaining({ BlkioDeviceReadBps: expect.anything() })]);
  });
});
