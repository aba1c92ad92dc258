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

describe('GlanceImageService.download', () => {
  it('resumes where the connection broke', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('resumes where the service fell silent', async () => {
    proxy.inject({ url: data, stall: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('resumes where a response ended early as if complete', async () => {
    proxy.inject({ url: data, end: 700_000 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=700000-']);
  });

  it('resumes as often as the option resumes allows', async () => {
    proxy.inject({ url: data, cut: 500_000, times: 3 });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined, 'bytes=500000-', 'bytes=1000000-', 'bytes=1500000-']);
  });

  it('fails when the connection breaks more often than resumes allows', async () => {
    proxy.inject({ url: data, cut: 300_000, times: 4 });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('fails when a resumed connection delivers no byte', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, stall: 0 });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(rangesAsked()).toHaveLength(2);
  });

  it('rejects with ImageUnacceptable when every response ends early', async () => {
    proxy.inject({ url: data, end: 300_000, times: 4 });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('succeeds when the connection breaks after the last byte', async () => {
    proxy.inject({ url: data, cut: bytes.length, head: withoutLength });
    expect((await read(await download())).equals(bytes)).toBe(true);
    expect(rangesAsked()).toEqual([undefined]);
  });

  it('skips the bytes that it has delivered when the server ignores the range', async () => {
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
  ])('refuses a resumed response with the wrong Content-Range "%s"', async (wrong) => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, head: withContentRange(wrong) });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('rejects with ImageNotFound when the image is deleted before it resumes', async () => {
    const made = await service.create(noauth.member, formats, streamOf(bytes));
    proxy.inject({ url: data, cut: 700_000 });
    const stream = await service.download(noauth.member, made.id);
    await service.delete(noauth.member, made.id);
    await expect(read(stream)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('refuses data with a changed byte', async () => {
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('refuses data with a changed byte in a resumed part', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('refuses data that is longer than the record says', async () => {
    proxy.inject({ url: data, tamper: (chunk) => Buffer.concat([chunk, chunk]) });
    await expect(read(await download())).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('verifies the MD5 checksum when the hash algorithm of the record is unknown', async () => {
    const without = { url: new RegExp(`${id}$`), tamper: replacing('"sha512"', '"shake3"'), times: 2 };
    proxy.inject(without);
    expect((await read(await download())).equals(bytes)).toBe(true);
    proxy.inject({ url: data, tamper: flip });
    await expect(read(await download())).rejects.toThrow(/md5/);
  });

  it('does not time out while its reader is slow', async () => {
    const stream = await download();
    let parts = 0;
    for await (const part of stream) {
      expect(part).toBeDefined();
      parts += 1;
      if (parts === 1 || parts === 10) await setTimeout(400);
    }
    expect(rangesAsked()).toEqual([undefined]);
  });

  it('retries after status 503', async () => {
    proxy.inject({ url: data, answer: { status: 503 } });
    expect((await read(await download())).equals(bytes)).toBe(true);
  });

  it('fails when the response has a length and no byte', async () => {
    proxy.inject({
      url: data,
      answer: { status: 200, headers: { 'Content-Length': '5' }, body: '' },
    });
    await expect(read(await download())).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it("rejects with the signal's reason at once while the service is silent", async () => {
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

  it('closes its connection when its reader destroys the stream', async () => {
    service.close();
    proxy.inject({ url: data, stall: 100_000 });
    const stream = await download();
    await setTimeout(100);
    // The connection of the request for the image's record is kept alive.
    expect(proxy.connections).toBe(2);
    stream.destroy();
    await setTimeout(100);
    expect(proxy.connections).toBe(1);
  });

  it('rejects with ImageNotActive for a deactivated image', async () => {
    const { id: other } = await service.create(noauth.member, formats, streamOf(bytesOf(10)));
    await act(other, 'deactivate');
    await expect(service.download(noauth.member, other)).rejects.toBeInstanceOf(ImageNotActive);
    await service.delete(noauth.member, other);
  });

  it('rejects with ImageNotActive when the image is deactivated after its record was read', async () => {
    const { id: other } = await service.create(noauth.member, formats, streamOf(bytesOf(10)));
    await act(other, 'deactivate');
    proxy.inject({ url: new RegExp(`${other}$`), tamper: replacing('"deactivated"', '"active"') });
    await expect(service.download(noauth.member, other)).rejects.toBeInstanceOf(ImageNotActive);
    await service.delete(noauth.member, other);
  });

  it('rejects with ImageNotAuthorized on status 403', async () => {
    proxy.inject({ url: data, answer: { status: 403 } });
    await expect(download()).rejects.toBeInstanceOf(ImageNotAuthorized);
  });

  it('rejects with ImageNotActive on status 204, when the image has lost its data', async () => {
    proxy.inject({ url: data, answer: { status: 204, body: '' } });
    await expect(download()).rejects.toBeInstanceOf(ImageNotActive);
  });
});

describe('GlanceImageService.download of a range', () => {
  const range = { first: 100_000, last: 1_899_999 };
  const part = bytes.subarray(100_000, 1_900_000);

  it('resumes where the connection broke', async () => {
    proxy.inject({ url: data, cut: 700_000 });
    expect((await read(await download(range))).equals(part)).toBe(true);
    expect(rangesAsked()).toEqual(['bytes=100000-1899999', 'bytes=800000-1899999']);
  });

  it('refuses a response with the whole image', async () => {
    proxy.inject({
      url: data,
      rewrite: withoutRange,
    });
    await expect(download(range)).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('refuses a response with another range', async () => {
    proxy.inject({ url: data, head: withContentRange('bytes 0-1799999/2000000') });
    await expect(download(range)).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });

  it('refuses more bytes than announced', async () => {
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

/** Calls an administrator's action, which the library does not support. */
async function act(image: string, action: string): Promise<void> {
  const headers = { 'X-Auth-Token': noauth.admin.auth_token };
  const { status } = await fetch(`${noauth.endpoint}/v2/images/${image}/actions/${action}`, {
    method: 'POST',
    headers,
  });
  expect(status).toBe(204);
}
