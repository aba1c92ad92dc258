import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineProtocolError } from '../../../lib/engine/index.js';
import { jsonElements } from '../../../lib/engine/json-elements.js';
import { maxLineBytes } from '../../../lib/engine/json-lines.js';
import { FakeEngine } from './fake-engine.js';

async function read(chunks: Iterable<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonElements(Readable.from(chunks), 'the list')) values.push(value);
  return values;
}

describe('jsonElements', () => {
  const text = ' [ {"a":"},[\\"\\\\","é🦄":[1,{"b":[]}]} ,\n"x,y",null, 1.5e3 ,[] , {} ] \n';

  it('reads the same elements wherever the chunks end', async () => {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(await read(chunks)).toEqual(JSON.parse(text));
    }
  });

  it.each(['[]', ' [ ] ', 'null\n'])('yields no elements for %j', async (empty) => {
    expect(await read([Buffer.from(empty)])).toEqual([]);
  });

  it.each([
    '',
    '{}',
    '{"a":1}',
    '[1',
    '[1,]',
    '[,1]',
    '[1]2',
    '[1][2]',
    'x[1]',
    '[1}',
    ']',
    '"[1]"',
    '[x]',
    '[1,"a]',
  ])('refuses %j', async (bad) => {
    await expect(read([Buffer.from(bad)])).rejects.toBeInstanceOf(EngineProtocolError);
  });

  it('refuses an endless element before it fills the memory', async () => {
    let given = 0;
    const piece = Buffer.alloc(1 << 20, 0x20);
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from('["');
      for (;;) {
        given += piece.length;
        yield piece;
      }
    }
    await expect(read(endless())).rejects.toBeInstanceOf(EngineProtocolError);
    expect(given).toBeLessThan(maxLineBytes * 2);
  });
});

describe('a list of containers', () => {
  let fake: FakeEngine;
  /** Labels as an image can pass them on to its containers. */
  const labels = { large: 'x'.repeat(3_900_000), ours: 'kept' };
  const listed = {
    Id: 'c'.repeat(64),
    Names: ['/c'],
    Image: 'x',
    ImageID: `sha256:${'a'.repeat(64)}`,
    Created: 1,
    Labels: labels,
    State: 'running',
    Status: '',
    HostConfig: {},
  };
  beforeEach(async () => {
    const element = Buffer.from(JSON.stringify(listed));
    fake = await FakeEngine.start((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('[');
      for (let count = 0; count < 20; count += 1) {
        if (count > 0) response.write(',');
        response.write(element);
      }
      response.end(']');
    });
  });
  afterEach(() => fake.stop());

  it('is read at any length, with only the labels that the client keeps', async () => {
    const client = fake.client({ keepLabel: (name) => name === 'ours' });
    const containers = await client.containers.list({ all: true });
    expect(containers.map(({ Labels }) => Labels)).toEqual(Array(20).fill({ ours: 'kept' }));
  });
});
