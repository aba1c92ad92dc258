import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '../../../lib/archives/index.js';
import { snapshotConfiguration } from '../../../lib/images/snapshot-configuration.js';
import { label } from '../../../lib/common/labels.js';

describe('snapshotConfiguration', () => {
  /** A configuration as engine 20.10 commits it. */
  const committed = {
    architecture: 'amd64',
    config: {
      Hostname: 'lab',
      Domainname: '',
      User: 'web',
      AttachStdin: false,
      Tty: true,
      OpenStdin: true,
      Env: ['SECRET=x', 'PATH=of the instance'],
      Cmd: ['sh'],
      Image: 'nova-docker-driver.invalid/image:1',
      WorkingDir: '/srv',
      Entrypoint: null,
      Healthcheck: { Test: ['NONE'] },
      Labels: { [label.host]: 'node-1', [label.attempt]: 'tmp-1', mine: 'kept' },
      StopTimeout: 7,
    },
    container: 'f'.repeat(64),
    container_config: { Hostname: 'lab', Env: ['SECRET=x'] },
    created: '2026-01-01T00:00:00Z',
    history: [{ created_by: 'sh' }],
    os: 'linux',
    rootfs: { type: 'layers' as const, diff_ids: [`sha256:${'a'.repeat(64)}`] },
  };

  const Healthcheck = { Test: ['CMD', 'true'] };

  it('keeps what an image passes on to its containers, and nothing of the instance', () => {
    const configuration = parseConfiguration('committed', JSON.stringify(committed));
    expect(snapshotConfiguration(configuration, { Env: ['PATH=/bin'], Healthcheck })).toEqual({
      architecture: 'amd64',
      config: {
        User: 'web',
        Env: ['PATH=/bin'],
        Cmd: ['sh'],
        WorkingDir: '/srv',
        Entrypoint: null,
        Healthcheck,
        Labels: { mine: 'kept' },
      },
      created: '2026-01-01T00:00:00Z',
      history: [{ created_by: 'sh' }],
      os: 'linux',
      rootfs: committed.rootfs,
    });
  });

  it('accepts a configuration in which the engine leaves out empty fields', () => {
    const { rootfs } = committed;
    expect(snapshotConfiguration({ rootfs }, undefined)).toEqual({ rootfs, config: { Env: [], Labels: {} } });
  });
});
