import { describe, expect, it } from '@jest/globals';
import { dockerHarness } from '../../support/docker-harness.js';

describe('an image that no host could run', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['its user is not in its passwd file', { User: 'nobody-knows' }],
    ['its user is out of range', { User: '99999999999999' }],
    ['its working directory is relative', { WorkingDir: 'in/between' }],
    ['its working directory is a file', { WorkingDir: '/bin/busybox/inside' }],
    ['its environment has no names', { Env: ['=value'] }],
    ['its command is missing', { Cmd: ['/no/such/command'] }],
    ['it has no command', { Cmd: null }],
  ])('is unacceptable when %s', async (_what, config) => {
    const harness = await dockerHarness({}, config);
    try {
      await expect(harness.boot()).rejects.toMatchObject({ name: 'ImageUnacceptable' });
    } finally {
      await harness.close();
    }
  });
});
