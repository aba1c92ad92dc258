import { describe, expect, it } from '@jest/globals';
import { dockerHarness } from '../../support/docker-harness.js';

describe('an image that no host could run', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string?]>([
    ['its user is not in its passwd file', { User: 'nobody-knows' }],
    ['its user is out of range', { User: '99999999999999' }],
    ['its working directory is relative', { WorkingDir: 'in/between' }],
    ['its working directory is in a file', { WorkingDir: '/bin/busybox/inside' }],
    ['its working directory is a file', { WorkingDir: '/etc/passwd' }, '/etc/passwd'],
    ['it has a volume at its root', { Volumes: { '/': {} } }, 'volume at /:'],
    ['it has a volume of its devices', { Volumes: { '/dev': {} } }, 'volume at /dev:'],
    ['it has a volume of its processes', { Volumes: { '/proc': {} } }, 'mounted at /proc,'],
    ['it has a volume in place of a file', { Volumes: { '/etc/passwd': {} } }, '/etc/passwd'],
    ['its environment has no names', { Env: ['=value'] }],
    ['its environment has a NUL', { Env: ['A\0=1'] }],
    ['it has a volume that is none', { Volumes: { '/a': 1 } }],
    ['it gives too long to end', { StopTimeout: 2 ** 70 }],
    ['its health check is none', { Healthcheck: { Interval: 'often' } }],
    ['its command is missing', { Cmd: ['/no/such/command'] }],
    ['it has no command', { Cmd: null }],
  ])('is unacceptable when %s', async (_what, config, told = '') => {
    const harness = await dockerHarness({}, config);
    try {
      await expect(harness.boot()).rejects.toMatchObject({
        name: 'ImageUnacceptable',
        message: expect.stringContaining(told),
      });
    } finally {
      await harness.close();
    }
  });
});
