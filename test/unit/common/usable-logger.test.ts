import { Writable } from 'node:stream';
import { describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { usableLogger } from '../../../lib/common/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { noOpLogger } from '../../support/silent-logger.js';

/** Collects the lines that pino writes. */
function collected(): { lines: unknown[]; stream: Writable } {
  const lines: unknown[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    const line: unknown = JSON.parse(chunk.toString());
    lines.push(line);
    done();
  };
  return { lines, stream: new Writable({ write }) };
}

describe('a pino logger', () => {
  it.each(['itself', 'a child'])('gets message and details: %s', (kind) => {
    const { lines, stream } = collected();
    const parent = pino({ level: 'debug' }, stream);
    const logger = usableLogger(kind === 'itself' ? parent : parent.child({ service: 'compute' }));

    logger.debug('no details');
    logger.info('with 100% details', { image_id: 'one' });
    logger.warn('failed', { image_id: 'one', error: new TypeError('why') });
    logger.error('failed again');

    expect(lines).toMatchObject([
      { level: 20, msg: 'no details' },
      { level: 30, msg: 'with 100% details', image_id: 'one' },
      { level: 40, msg: 'failed', image_id: 'one', err: { type: 'TypeError', message: 'why' } },
      { level: 50, msg: 'failed again' },
    ]);
  });

  it('is an option of the driver as it is', async () => {
    const { lines, stream } = collected();
    const driver = new DockerDriver({ logger: pino({ level: 'debug' }, stream) });

    await driver.emit_event({ uuid: 'one', transition: 0, timestamp: 1 });

    expect(lines).toMatchObject([
      { level: 20, msg: expect.any(String), instance: 'one', transition: 'STARTED' },
    ]);
  });
});

describe('another logger', () => {
  it('gets the message first, and no details where there are none', () => {
    const calls: unknown[][] = [];
    const info = (...args: unknown[]): void => void calls.push(args);
    const logger = usableLogger({ ...noOpLogger, info });

    logger.info('no details');
    logger.info('details', { host: 'node-1' });

    expect(calls).toEqual([['no details'], ['details', { host: 'node-1' }]]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('fails nothing when it %s: the process gets a warning', async (_how, warn) => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const logger = usableLogger(Object.assign({ ...noOpLogger }, { warn }));

    logger.warn('an image stays');
    await new Promise((resolve) => setImmediate(resolve));

    expect(emitWarning.mock.calls).toEqual([[expect.stringContaining('"an image stays": Error: disk full')]]);
    emitWarning.mockRestore();
  });
});
