import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instanceContainerName, instancePartName, label } from '../../../../lib/common/labels.js';
import { settleSwap } from '../../../../lib/instances/index.js';
import { newInstance } from '../../../support/nova-objects.js';
import { answerJson, FakeEngine } from '../../engine/fake-engine.js';

const [own, aside] = ['a'.repeat(64), 'b'.repeat(64)];
const host = 'node-1';

describe('settleSwap', () => {
  const { uuid } = newInstance();
  /** The labels of the instance's container: the last one may be inherited from an image. */
  const Labels = {
    ...{ [label.host]: host, [label.instanceUuid]: uuid, [label.instanceName]: 'x' },
    ...{ [label.vcpus]: '1', [label.memoryMb]: '1', [label.rootGb]: '1', [label.attempt]: 'tmp-1' },
    [label.rescuedContainer]: aside,
  };
  let fake: FakeEngine;
  let asideName: string;
  let removed: string[];
  beforeEach(async () => {
    removed = [];
    fake = await FakeEngine.start(({ method, url = '' }, response) => {
      if (method === 'DELETE') {
        removed.push(url.includes(aside) ? aside : url);
        response.writeHead(204).end();
      } else if (url.includes('/containers/json'))
        answerJson(response, 200, [summary(own, instanceContainerName(uuid)), summary(aside, asideName)]);
      else answerJson(response, 200, inspected(url.includes(aside) ? aside : own));
    });
  });
  afterEach(() => fake.stop());

  const summary = (Id: string, name: string): object => ({
    ...{ Id, Names: [`/${name}`], Image: 'x', ImageID: `sha256:${own}`, Created: 0, Labels },
    ...{ State: 'running', Status: '', HostConfig: {} },
  });
  const inspected = (Id: string): object => ({
    ...{ Id, Name: '/x', Created: '', Image: `sha256:${own}`, RestartCount: 0, Path: 'x', Args: [] },
    State: {
      ...{ Status: 'running', Running: true, Paused: false, Restarting: false, OOMKilled: false },
      ...{ Dead: false, Pid: 1, ExitCode: 0, Error: '' },
      ...{ StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '2026-01-01T00:00:01Z' },
    },
    Config: { ...{ Image: 'x', Hostname: '', User: '', Tty: false, OpenStdin: false }, Labels },
    HostConfig: {
      ...{ NetworkMode: 'none', Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuShares: 0, CpuPeriod: 0 },
      ...{ CpuQuota: 0, CpusetCpus: '', Privileged: false },
    },
    ...{ Driver: 'overlay2', NetworkSettings: { Networks: {} }, Mounts: [] },
  });

  it('keeps the container that a rescue put aside', async () => {
    asideName = instancePartName(uuid, 'rescued');
    const { current, rescued } = await settleSwap(fake.client(), host, { uuid });
    expect([current?.Id, rescued?.Id, removed]).toEqual([own, aside, []]);
  });

  it.each(['replaced', 'rescuing'])(
    'takes no instance for rescued by a label of its image, with a container aside that is %s',
    async (part) => {
      asideName = instancePartName(uuid, part);
      const { current, rescued } = await settleSwap(fake.client(), host, { uuid });
      expect([current?.Id, rescued?.Id, removed]).toEqual([own, undefined, [aside]]);
    },
  );
});
