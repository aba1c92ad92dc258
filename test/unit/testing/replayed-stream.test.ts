import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplayer } from '../../../lib/testing/index.js';
import type { Exchange, Replayer } from '../../../lib/testing/index.js';
import { scenario, token } from './fixtures.js';
import { Cleanup, readOnce, readToEnd, upgrade } from './tiny-engine.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

type Stream = NonNullable<NonNullable<Exchange['response']>['stream']>;

/** A replayer with one upgraded connection, which may end with a mismatch. */
async function replay(stream: Stream, more: Partial<Exchange> = {}): Promise<Replayer> {
  const request = { method: 'POST', path: '/exec/1/start', headers: { upgrade: 'tcp' } };
  const replayer = await startReplayer(scenario([{ request, response: { status: 101, stream }, ...more }]));
  cleanup.add(() => replayer.close().catch(() => undefined));
  return replayer;
}

describe('a replayed upgraded connection', () => {
  it('accepts any secret and other random names from the client, and answers with those names', async () => {
    const replayer = await replay([
      { from: 'client', text: `root:[scrubbed]\n${token('a')}` },
      { from: 'client', end: true },
      { from: 'engine', text: `done ${token('a')}` },
      { from: 'engine', end: true },
    ]);
    const { connection } = await upgrade(replayer.host, '/exec/1/start', '');
    connection.write('root:pass');
    await sleep(10);
    connection.end(`word\n${token('1')}`);
    expect(await readToEnd(connection)).toBe(`done ${token('1')}`);
    replayer.assertDone();
  });

  it('sends nothing before the client has sent what the recording has before it', async () => {
    const replayer = await replay([
      { from: 'engine', text: '1' },
      { from: 'client', text: 'next' },
      { from: 'engine', text: '2' },
      { from: 'engine', end: true },
    ]);
    const { connection } = await upgrade(replayer.host, '/exec/1/start', '');
    let heard = '';
    connection.on('data', (part: Buffer) => (heard += part.toString()));
    connection.write('ne');
    await sleep(20);
    expect(heard).toBe('1');
    connection.write('xt');
    await sleep(20);
    expect(heard).toBe('12');
    connection.end();
  });

  it('breaks where the recorded connection broke', async () => {
    const replayer = await replay([{ from: 'engine', text: 'half' }], { ended: 'truncated' });
    const { connection } = await upgrade(replayer.host, '/exec/1/start', '');
    expect(await readOnce(connection)).toBe('half');
    expect(await readToEnd(connection)).toBe('');
    replayer.assertDone();
  });

  it.each([
    ['other bytes', 'no!', 'the client sent "no!" where "yes" is recorded'],
    ['too few bytes', 'ye', 'the client sent "ye" where "yes" is recorded'],
    ['too many bytes', 'yes and no', 'the client sent " and no" where its end is recorded'],
  ])('reports a mismatch when the client sends %s', async (_, said, message) => {
    const replayer = await replay([
      { from: 'client', text: 'yes' },
      { from: 'client', end: true },
      { from: 'engine', end: true },
    ]);
    const { connection } = await upgrade(replayer.host, '/exec/1/start', '');
    connection.end(said);
    await readToEnd(connection);
    expect(() => replayer.assertDone()).toThrow(message);
    await expect(replayer.close()).rejects.toThrow(message);
  });
});
