import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  GlanceConnectionFailed,
  ImageNotActive,
  ImageNotAuthorized,
  ImageNotFound,
  ImageUnacceptable,
  type ByteRange,
} from '../../../interfaces/index.js';
import { GlanceImageService, ImageServiceProtocolError } from '../../../lib/image-services/index.js';
import { bytesOf, formats, read, streamOf } from '../contract/index.js';
import { noauth, noauthOptions } from './environment.js';
import { FaultyProxy, type Seen } from './faulty-proxy.js';

const proxy = new FaultyProxy(noauth.endpoint);
const bytes = bytesOf(2_000_000);
const data = /\/file$/;
let service: GlanceImageService;
let id: string;

beforeAll(async () => {
  const timeouts = { idleMs: 300, callMs: 2000 };
  service = new GlanceImageService({ ...noauthOptions(await proxy.start()), timeouts, maxResumes: 3 });
  ({ id } = await service.create(noauth.member, formats, streamOf(bytes)));
});
beforeEach(() => proxy.reset());
afterAll(async () => {
  await service.delete(noauth.member, id);
  service.close();
  await proxy.stop();
});

const download = (range?: ByteRange): Promise<Readable> =>
  service.download(noauth.member, id, range === undefined ? {} : { range });
const rangesAsked = (): unknown[] => proxy.asked('GET', data).map(({ headers }) => headers.range);

describe('a download', () => {
  it('goes on where the connection broke off', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('goes on where the service fell silent', async () => {
    proxy.inject({ url: data, stall: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('goes on where an answer ended early as if it were complete', async () => {
    proxy.inject({ url: data, end: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('goes on as often as it may', async () => {
    proxy.inject({ url: data, cut: 500_000, times: 3 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=500000-', 'bytes=1000000-', 'bytes=1500000-']);
  });

  it('fails when it breaks off more often than that', async () => {
    proxy.inject({ url: data, cut: 300_000, times: 4 });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('fails when a connection brings nothing', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, stall: 0 });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(rangesAsked()).toHaveLength(2);
  });

  it('fails as incomplete when every answer ends early', async () => {
    proxy.inject({ url: data, end: 300_000, times: 4 });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is complete when only the end of the message is lost', async () => {
    proxy.inject({ url: data, cut: bytes.length, head: withoutLength });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined]);
  });

  it('skips what the reader has had when a server cannot go on in the middle', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({
      url: data,
      rewrite: withoutRange,
    });
    expect((await read(await download())).equals(bytes)).toBe(true);
  });

  it.each([
    'bytes 700001-1999999/2000000',
    'bytes 700000-1999999/2000001',
    'bytes 700000-1999998/2000000',
    'nonsense',
  ])('fails when the rest comes as "%s"', async (wrong) => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, head: withContentRange(wrong) });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('fails when the image was deleted before it could go on', async () => {
    const made = await service.create(noauth.member, formats, streamOf(bytes));
    proxy.inject({ url: data, cut: 700_000 });
    const stream = await service.download(noauth.member, made.id);
    await service.delete(noauth.member, made.id);
    await expect(read(stream)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('is refused when a byte of it is another', async () => {
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is refused when a byte of it is another and it was put together of pieces', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is refused when there is more of it than is on record', async () => {
    proxy.inject({ url: data, tamper: (chunk) => Buffer.concat([chunk, chunk]) });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is checked by its MD5 when there is no other hash that this machine knows', async () => {
    const without = { url: new RegExp(`${id}$`), tamper: replacing('"sha512"', '"shake3"'), times: 2 };
    proxy.inject(without);
    expect((await read(await download())).equals(bytes)).toBe(true);
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toThrow(/md5/);
  });

  it('is not taken for silent while its reader takes its time', async () => {
    const stream = await download();
    let parts = 0;
    for await (const part of stream) {
      expect(part).toBeDefined();
      parts += 1;
      if (parts === 1 || parts === 10) await setTimeout(400);
    }
    expect(rangesAsked()).toEqual([undefined]);
  });

  it('begins in spite of a service that cannot yet', async () => {
    proxy.inject({ url: data, answer: { status: 503 } });
    expect((await read(await download())).equals(bytes)).toBe(true);
  });

  it('fails when it never brings a byte', async () => {
    proxy.inject({
      url: data,
      answer: { status: 200, headers: { 'Content-Length': '5' }, body: '' },
    });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('ends at once, with the reason, when aborted while the service is silent', async () => {
    proxy.inject({ url: data, stall: 100_000 });
    const abort = new AbortController();
    const patient = new GlanceImageService(noauthOptions(proxy.url));
    const stream = await patient.download(noauth.member, id, { signal: abort.signal });
    const outcome = read(stream);
    const reason = new Error('no longer wanted');
    await setTimeout(100);
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    patient.close();
  });

  it('closes its connection when its reader leaves', async () => {
    service.close();
    proxy.inject({ url: data, stall: 100_000 });
    const stream = await download();
    await setTimeout(100);
    // That over which the service was asked for the image's record is kept.
    expect(proxy.connections).toBe(2);
    stream.destroy();
    await setTimeout(100);
    expect(proxy.connections).toBe(1);
  });

  it('tells that the image was deactivated', async () => {
    const { id: other } = await service.create(noauth.member, formats, streamOf(bytesOf(10)));
    await act(other, 'deactivate');
    await expect(service.download(noauth.member, other)).rejects.toBeInstanceOf(ImageNotActive);
    await service.delete(noauth.member, other);
  });

  it('tells that the image was deactivated since it was looked at', async () => {
    const { id: other } = await service.create(noauth.member, formats, streamOf(bytesOf(10)));
    await act(other, 'deactivate');
    proxy.inject({ url: new RegExp(`${other}$`), tamper: replacing('"deactivated"', '"active"') });
    await expect(service.download(noauth.member, other)).rejects.toBeInstanceOf(ImageNotActive);
    await service.delete(noauth.member, other);
  });

  it('tells that the data may not be read', async () => {
    proxy.inject({ url: data, answer: { status: 403 } });
    await expect(download()).rejects.toBeInstanceOf(ImageNotAuthorized);
  });

  it('tells that an image has lost its data since it was looked at', async () => {
    proxy.inject({ url: data, answer: { status: 204, body: '' } });
    await expect(download()).rejects.toBeInstanceOf(ImageNotActive);
  });
});

describe('a range of an image', () => {
  const range = { first: 100_000, last: 1_899_999 };
  const part = bytes.subarray(100_000, 1_900_000);

  it('goes on where the connection broke off', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    expect((await read(await download(range))).equals(part)).toBe(true);
    expect(rangesAsked()).toEqual(['bytes=100000-1899999', 'bytes=800000-1899999']);
  });

  it('is refused when the whole image comes', async () => {
    proxy.inject({
      url: data,
      rewrite: withoutRange,
    });
    await expect(download(range)).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('is refused when another range comes', async () => {
    proxy.inject({ url: data, head: withContentRange('bytes 0-1799999/2000000') });
    await expect(download(range)).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('is refused when more comes than was announced', async () => {
    proxy.inject({ url: data, tamper: (chunk) => Buffer.concat([chunk, chunk]) });
    await expect(read(await download(range))).rejects.toBeInstanceOf(ImageUnacceptable);
  });
});

const withContentRange =
  (range: string) =>
  (status: number, headers: Record<string, unknown>): number => {
    headers['content-range'] = range;
    return status;
  };

function withoutRange({ headers: { range: _range, ...headers }, ...seen }: Seen): Seen {
  return { ...seen, headers };
}

const flip = (chunk: Buffer): Buffer => Buffer.from(chunk.map((byte, at) => (at === 0 ? byte ^ 255 : byte)));

function withoutLength(status: number, headers: Record<string, unknown>): number {
  delete headers['content-length'];
  return status;
}

const replacing =
  (found: string, wanted: string) =>
  (chunk: Buffer): Buffer =>
    Buffer.from(chunk.toString().replace(found, wanted));

/** What only administrators may do, and this library never does. */
async function act(image: string, action: string): Promise<void> {
  const headers = { 'X-Auth-Token': noauth.admin.auth_token };
  const { status } = await fetch(`${noauth.endpoint}/v2/images/${image}/actions/${action}`, {
    method: 'POST',
    headers,
  });
  expect(status).toBe(204);
}
