import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';

import { describe, expect, it } from '@jest/globals';

import { EngineError, EngineProtocolError, TruncatedStream } from '../../../lib/engine/index.js';
import { outputReader } from '../../../lib/engine/multiplexed.js';

const request = { method: 'GET', path: '/containers/x/logs' };

function frame(stream: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

async function through(reader: Transform, chunks: Buffer[]): Promise<string> {
  const sink = new PassThrough();
  const [text] = await Promise.all([buffer(sink), pipeline(Readable.from(chunks), reader, sink)]);
  return text.toString();
}

describe('output of a container without a terminal', () => {
  const output = Buffer.concat([
    frame(1, 'out 1\n'),
    frame(2, 'error ü\n'),
    frame(1, ''),
    frame(0, 'in\n'),
    frame(1, 'x'.repeat(300)),
  ]);
  const text = `out 1\nerror ü\nin\n${'x'.repeat(300)}`;

  it('holds the bytes of both streams in order, wherever the chunks end', async () => {
    for (const size of [1, 2, 3, 7, 8, 9, 50, output.length]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < output.length; at += size) chunks.push(output.subarray(at, at + size));
      expect(await through(outputReader(false, request), chunks)).toBe(text);
    }
  });

  it('is empty when the container wrote nothing', async () => {
    expect(await through(outputReader(false, request), [])).toBe('');
  });

  it.each([3, 12])('fails with TruncatedStream when it ends %d bytes into a frame', async (length) => {
    const chunks = [frame(1, 'whole'), frame(1, 'not whole').subarray(0, length)];
    await expect(through(outputReader(false, request), chunks)).rejects.toBeInstanceOf(TruncatedStream);
  });

  it.each(['04000000000000015a', '010000010000000161', 'plain text'])(
    'is refused when a frame is malformed: %s',
    async (text) => {
      const bytes = /^[0-9a-f]+$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text);
      await expect(through(outputReader(false, request), [bytes])).rejects.toBeInstanceOf(
        EngineProtocolError,
      );
    },
  );

  it("fails with the engine's error when the engine reports one between frames", async () => {
    const whole = Buffer.concat([frame(1, 'a'), frame(3, 'log driver is gone')]);
    const chunks = [whole.subarray(0, 20), whole.subarray(20)];
    await expect(through(outputReader(false, request), chunks)).rejects.toMatchObject({
      constructor: EngineError,
      engineMessage: 'log driver is gone',
      inBand: true,
    });
  });

  it('is not read faster than its reader consumes it', async () => {
    let given = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        given += 1;
        yield frame(1, Buffer.alloc(16 * 1024));
      }
    }
    const reader = Readable.from(endless()).pipe(outputReader(false, request));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(given).toBeLessThan(30);
    reader.destroy();
  });
});

describe('output of a container with a terminal', () => {
  it('is passed through unchanged', async () => {
    expect(await through(outputReader(true, request), [Buffer.from('\x01\x00bare')])).toBe('\x01\x00bare');
  });
});
