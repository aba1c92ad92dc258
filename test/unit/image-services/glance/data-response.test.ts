import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DataResponse } from '../../../../lib/image-services/glance/data-response.js';
import { ImageServiceProtocolError } from '../../../../lib/image-services/glance/exceptions.js';
import { ConnectionBroken } from '../../../../lib/http/index.js';
import { readableOf, readAll } from '../../../../lib/streams/index.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers any request with these pieces, then disconnects. */
async function answering(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const answer = async (socket: Socket): Promise<void> => {
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    await new Promise((resolve) => socket.once('data', resolve));
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    socket.end();
  };
  return listening((socket) => void answer(socket));
}

async function listening(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer(onConnection);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/v2/images/1/file?a=b`;
}

const request = (url: string, signal = new AbortController().signal): Promise<DataResponse> =>
  DataResponse.to({ url, headers: { Accept: '*/*' }, tls: {}, signal, onClose: () => undefined });

const bodyOf = async (response: DataResponse): Promise<string> =>
  (await readAll(readableOf(response), 1_000_000)).toString();

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Range:  bytes 0-4/5 \r\n\r\n';

describe('DataResponse', () => {
  it('reads a head and a body that arrive together', async () => {
    const response = await request(await answering(`${ok}hello and more`));
    expect(response.status).toBe(200);
    expect(response.header('content-range')).toBe('bytes 0-4/5');
    expect(await bodyOf(response)).toBe('hello');
  });

  it('reads an answer that arrives byte by byte', async () => {
    const response = await request(await answering(...Array.from(`${ok}hello`)));
    expect(await bodyOf(response)).toBe('hello');
  });

  it('reads chunks with extensions and trailers', async () => {
    const head = 'HTTP/1.1 206 Partial\r\nTransfer-Encoding: Chunked\r\n\r\n';
    const url = await answering(`${head}3;a=b\r\nhel\r`, '\n2\r\nlo\r\n0\r\nX-Late: 1\r\n\r\n');
    expect(await bodyOf(await request(url))).toBe('hello');
  });

  it('ends with the connection when no header gives its length', async () => {
    const response = await request(await answering('HTTP/1.0 200 OK\r\n\r\nhel', 'lo'));
    expect(await bodyOf(response)).toBe('hello');
  });

  it('skips a 103 before the final answer', async () => {
    const response = await request(await answering(`HTTP/1.1 103 Early\r\nLink: a\r\n\r\n${ok}hello`));
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toBe('hello');
  });

  it('has no body with status 204', async () => {
    const response = await request(await answering('HTTP/1.1 204 No Content\r\n\r\n'));
    expect(response.status).toBe(204);
    expect(await bodyOf(response)).toBe('');
  });

  it.each([
    ['a truncated body', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello'],
    ['chunks without the last one', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['a truncated chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello'],
    ['a truncated head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('fails with ConnectionBroken at %s', async (_what, answer) => {
    const reading = async (): Promise<string> => bodyOf(await request(await answering(answer)));
    await expect(reading()).rejects.toBeInstanceOf(ConnectionBroken);
  });

  it.each([
    ['bytes that are not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an overlong header', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['too many headers', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}\r\n`],
    ['a malformed header', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    [
      'a transfer coding that was not requested',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    ],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n'],
  ])('refuses %s', async (_what, answer) => {
    const reading = async (): Promise<string> => bodyOf(await request(await answering(answer)));
    await expect(reading()).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('fails with the abort reason, even in the middle of its body', async () => {
    const abort = new AbortController();
    const url = await listening((socket) => void socket.on('error', () => undefined).write(ok));
    const response = await request(url, abort.signal);
    const next = response.next();
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
  });

  it.each(['a\r\nX-Other: b', 'a\0', '\u010d\u010aX-Other: b'])(
    'refuses to send the header value %j, which could inject another header',
    async (token) => {
      const asking = DataResponse.to({
        url: await answering(`${ok}hello`),
        headers: { 'X-Auth-Token': token },
        tls: {},
        signal: new AbortController().signal,
        onClose: () => undefined,
      });
      await expect(asking).rejects.toBeInstanceOf(ImageServiceProtocolError);
    },
  );
});
