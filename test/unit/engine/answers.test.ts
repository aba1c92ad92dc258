import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EngineProtocolError, containerRef, imageRef } from '../../../lib/engine/index.js';
import { FakeEngine, answerJson } from './fake-engine.js';

const container = {
  Id: 'c0'.repeat(32),
  Name: '/web-1',
  Created: '2026-01-01T00:00:00Z',
  Image: `sha256:${'ab'.repeat(32)}`,
  Driver: 'overlay2',
  RestartCount: 0,
  State: {
    Status: 'created',
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 0,
    Error: '',
    StartedAt: '0001-01-01T00:00:00Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Config: {
    Hostname: 'web',
    Image: 'busybox:1',
    Labels: null,
    Env: null,
    Cmd: null,
    Entrypoint: null,
    Tty: false,
    OpenStdin: false,
  },
  HostConfig: {
    NetworkMode: 'none',
    Memory: 0,
    MemorySwap: 0,
    NanoCpus: 0,
    CpuShares: 0,
    CpuPeriod: 0,
    CpuQuota: 0,
    CpusetCpus: '',
    PidsLimit: null,
    Privileged: false,
  },
  NetworkSettings: { Networks: null },
  Mounts: null,
};

const image = {
  Id: `sha256:${'ab'.repeat(32)}`,
  Created: 1,
  Size: 2,
};

describe('answers of the engine', () => {
  let fake: FakeEngine;
  let answer: object;

  beforeEach(async () => {
    fake = await FakeEngine.start((_request, response) => answerJson(response, 200, answer));
  });
  afterEach(() => fake.stop());

  it('are read with empty lists and maps where Go writes null or leaves out the field', async () => {
    answer = container;
    expect(await fake.client().containers.inspect(containerRef('web-1'))).toMatchObject({
      Config: { Labels: {}, Env: [], Cmd: [], Entrypoint: [] },
      HostConfig: { StorageOpt: {} },
      NetworkSettings: { Networks: {} },
      Mounts: [],
    });
    answer = { Id: image.Id, Os: 'linux', Architecture: 'amd64', Size: 2, RootFS: { Type: 'layers' } };
    expect(await fake.client().images.inspect(imageRef('busybox:1'))).toMatchObject({
      RepoTags: [],
      RepoDigests: [],
      RootFS: { Layers: [] },
    });
  });

  it('are read with no names for an image that the engine lists as <none>:<none>', async () => {
    answer = [{ ...image, RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'], Labels: null }];
    expect(await fake.client().images.list()).toEqual([
      { ...image, RepoTags: [], RepoDigests: [], Labels: {} },
    ]);
  });

  it('may list images whose id is not a sha256 digest, as containerd’s image store does', async () => {
    const Id = `sha512:${'a'.repeat(128)}`;
    answer = [image, { ...image, Id }];
    expect((await fake.client().images.list()).map(({ Id: id }) => id)).toEqual([image.Id, Id]);
  });

  it('may list 100,000 changed files, and no more', async () => {
    const change = { Path: '/x', Kind: 1 };
    answer = Array.from({ length: 100_000 }, () => change);
    const engine = fake.client();
    expect(await engine.files.changes(containerRef('web-1'))).toHaveLength(100_000);
    answer = Array.from({ length: 100_001 }, () => change);
    await expect(engine.files.changes(containerRef('web-1'))).rejects.toBeInstanceOf(EngineProtocolError);
  }, 60_000);

  it('keep only the fields of the schema, so that no code comes to rely on others', async () => {
    answer = { ...container, GraphDriver: { Name: 'overlay2' } };
    expect(await fake.client().containers.inspect(containerRef('web-1'))).not.toHaveProperty('GraphDriver');
  });

  it.each([
    ['a malformed id', { ...container, Id: '../x' }],
    ['an unknown state', { ...container, State: { ...container.State, Status: 'dreaming' } }],
    ['a string where a number belongs', { ...container, RestartCount: '0' }],
  ])('are refused, with the field named, when they have %s', async (_what, bad) => {
    answer = bad;
    const failure = fake.client().containers.inspect(containerRef('web-1'));
    await expect(failure).rejects.toBeInstanceOf(EngineProtocolError);
    await expect(failure).rejects.toThrow(/at (Id|State\.Status|RestartCount)/);
  });
});
