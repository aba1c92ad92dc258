import { describe, expect, it } from '@jest/globals';
import { dockerHarness } from '../../support/docker-harness.js';

describe('DockerDriver.spawn from an image that no host can run', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string?]>([
    ['its user is not in /etc/passwd', { User: 'nobody-knows' }],
    ['its user is out of range', { User: '99999999999999' }],
    ['its working directory is relative', { WorkingDir: 'in/between' }],
    ['its working directory is below a file', { WorkingDir: '/bin/busybox/inside' }],
    ['its working directory is a file', { WorkingDir: '/etc/passwd' }, '/etc/passwd'],
    ['it has a volume at /', { Volumes: { '/': {} } }, 'volume at /:'],
    ['it has a volume at /dev', { Volumes: { '/dev': {} } }, 'volume at /dev:'],
    ['it has a volume at /proc', { Volumes: { '/proc': {} } }, 'mounted at /proc,'],
    ['it has a volume at the path of a file', { Volumes: { '/etc/passwd': {} } }, '/etc/passwd'],
    ['its environment has a variable without a name', { Env: ['=value'] }],
    ['its environment has a NUL byte', { Env: ['A\0=1'] }],
    ['a volume of it is malformed', { Volumes: { '/a': 1 } }],
    ['its stop timeout is out of range', { StopTimeout: 2 ** 70 }],
    ['its health check is malformed', { Healthcheck: { Interval: 'often' } }],
    ['its command is missing', { Cmd: ['/no/such/command'] }],
    ['it has no command', { Cmd: null }],
  ])('rejects with ImageUnacceptable when %s', async (_what, config, told = '') => {
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
