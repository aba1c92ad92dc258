import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import {
  GlanceConnectionFailed,
  ImageNotActive,
  ImageNotFound,
  ImageQuotaExceeded,
  ImageUnacceptable,
  type ImageMetadata,
  type ImageRecord,
} from '../../../interfaces/index.js';
import { GlanceImageService } from '../../../lib/image-services/index.js';
import { ImageConflict } from '../../../lib/image-services/index.js';
import { bytesOf, formats, read, streamOf } from '../contract/index.js';
import { noauth, noauthOptions } from './environment.js';
import { FaultyProxy } from './faulty-proxy.js';

const { member } = noauth;
const proxy = new FaultyProxy(noauth.endpoint);
const bytes = bytesOf(8_000_000);
const data = /\/file$/;
let service: GlanceImageService;
/** A service without the proxy. */
const direct = new GlanceImageService(noauthOptions());

beforeAll(async () => {
  const timeouts = { idleMs: 500, callMs: 2000, settleMs: 1000 };
  service = new GlanceImageService({ ...noauthOptions(await proxy.start()), timeouts, maxRetries: 1 });
});
beforeEach(() => proxy.reset());
afterAll(async () => {
  service.close();
  direct.close();
  await proxy.stop();
});

const flip = (chunk: Buffer): Buffer => Buffer.from(chunk.map((byte, at) => (at === 0 ? byte ^ 255 : byte)));
/** Changes a record to that of an image that an administrator deactivated at once. */
const deactivated = (content: Buffer): Buffer =>
  Buffer.from(content.toString().replace('"status": "active"', '"status": "deactivated"'));

/** Changes the record of a queued image to what Glance may show while it deletes the image. */
const deleted = (content: Buffer): Buffer =>
  Buffer.from(content.toString().replace('"status": "queued"', '"status": "deleted"'));

const named = (name: string): Promise<ImageRecord[]> => direct.detail(member, { filters: { name } });

/** A stream that yields the bytes passed to `more`, and ends at null. */
function slowly(): { stream: Readable; more: (bytes: Buffer | null) => void } {
  const stream = new Readable({ read: () => undefined });
  return { stream, more: (piece) => stream.push(piece) };
}

describe('GlanceImageService.create with data', () => {
  let name: string;
  beforeEach(() => {
    name = randomUUID();
  });
  const create = (metadata: ImageMetadata = {}): Promise<ImageRecord> =>
    service.create(member, { ...formats, name, ...metadata }, streamOf(bytes));

  it('leaves no image when the connection breaks during the upload', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no protected image when the connection breaks during the upload', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(create({ protected: true })).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image when the service stops reading', async () => {
    proxy.inject({ method: 'PUT', stallRequest: 100_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image when the service does not notice that the connection broke', async () => {
    proxy.inject({ method: 'PUT', leaveHanging: 3_000_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('rejects with ImageQuotaExceeded on status 413, and leaves no image', async () => {
    proxy.inject({ method: 'PUT', answer: { status: 413, body: '{"message": "Over <b>quota</b>"}' } });
    const failure = await create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ImageQuotaExceeded);
    expect(failure).toMatchObject({ message: expect.stringContaining('Over quota') });
    expect(await named(name)).toEqual([]);
  });

  it('succeeds when all data arrived and only the response is lost', async () => {
    proxy.inject({ method: 'PUT', loseAnswer: true });
    const record = await create();
    expect(record).toMatchObject({ status: 'active', size: bytes.length });
    expect((await read(await direct.download(member, record.id))).equals(bytes)).toBe(true);
    await direct.delete(member, record.id);
  });

  it('rejects with ImageUnacceptable, and leaves no image, when other bytes arrived', async () => {
    proxy.inject({ method: 'PUT', tamperRequest: flip });
    await expect(create()).rejects.toBeInstanceOf(ImageUnacceptable);
    expect(await named(name)).toEqual([]);
  });

  it('rejects with ImageNotActive, and leaves the image, when it is deactivated afterwards', async () => {
    proxy.inject({ method: 'GET', tamper: deactivated, times: Infinity });
    await expect(create({ protected: true })).rejects.toBeInstanceOf(ImageNotActive);
    const [left] = await named(name);
    expect(left).toMatchObject({ status: 'active', protected: true, size: bytes.length });
    await direct.update(member, left?.id ?? '', { protected: false });
    await direct.delete(member, left?.id ?? '');
  });

  it('rejects with both failures when the clean-up fails', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    proxy.inject({ method: 'DELETE', answer: { status: 503 }, times: 2 });
    const failure = await create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GlanceConnectionFailed);
    expect(failure).toMatchObject({
      cause: { errors: [{ name: 'GlanceConnectionFailed' }, { name: 'GlanceConnectionFailed' }] },
    });
    for (const { id } of await named(name)) await direct.delete(member, id);
  });

  it('sends no upload request before the first byte of data', async () => {
    const { stream, more } = slowly();
    const outcome = service.create(member, { ...formats, name }, stream);
    await setTimeout(800);
    expect(proxy.asked('PUT', data)).toEqual([]);
    more(bytes);
    more(null);
    const { id } = await outcome;
    await direct.delete(member, id);
  });

  it('does not time out while its data is slow', async () => {
    const { stream, more } = slowly();
    const outcome = service.create(member, { ...formats, name }, stream);
    more(bytes);
    await setTimeout(800);
    more(bytes);
    await setTimeout(800);
    more(null);
    const { id, size } = await outcome;
    expect(size).toBe(2 * bytes.length);
    await direct.delete(member, id);
  });

  it('leaves no image when the response to its creation is lost', async () => {
    proxy.inject({ method: 'POST', loseAnswer: true });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
    expect(proxy.asked('POST', /./)).toHaveLength(1);
  });

  it('leaves an image of a chosen id when the response is lost: another caller may own it', async () => {
    const id = randomUUID();
    proxy.inject({ method: 'POST', loseAnswer: true });
    await expect(create({ id })).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('closes its connection after a failure', async () => {
    service.close();
    proxy.inject({ method: 'PUT', answer: { status: 413 } });
    const { stream, more } = slowly();
    more(bytes);
    await expect(service.create(member, { ...formats, name }, stream)).rejects.toBeInstanceOf(
      ImageQuotaExceeded,
    );
    service.close();
    await setTimeout(100);
    expect(proxy.connections).toBe(0);
    expect(stream.destroyed).toBe(true);
  });
});

describe('GlanceImageService.update with data for a queued image', () => {
  let id: string;
  beforeEach(async () => {
    ({ id } = await direct.create(member, formats));
  });
  const update = (): Promise<ImageRecord> => service.update(member, id, {}, streamOf(bytes));

  it('leaves the image queued, and can be repeated, when the connection breaks', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(update()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    expect(await update()).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });

  it('leaves the image queued when the service refuses the data', async () => {
    proxy.inject({ method: 'PUT', answer: { status: 413 } });
    await expect(update()).rejects.toBeInstanceOf(ImageQuotaExceeded);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('deletes the image when the service does not notice that the connection broke', async () => {
    proxy.inject({ method: 'PUT', leaveHanging: 3_000_000 });
    await expect(update()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    await expect(direct.show(member, id)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it.each([false, true])(
    'rejects with ImageUnacceptable, and leaves the image, when other bytes arrived; protected: %s',
    async (isProtected) => {
      await direct.update(member, id, { protected: isProtected });
      proxy.inject({ method: 'PUT', tamperRequest: flip });
      await expect(update()).rejects.toBeInstanceOf(ImageUnacceptable);
      expect(await direct.show(member, id)).toMatchObject({ status: 'active', protected: isProtected });
      await direct.update(member, id, { protected: false });
      await direct.delete(member, id);
    },
  );

  it('rejects with ImageNotActive, and leaves the image, when it was deactivated', async () => {
    proxy.inject({ method: 'GET', tamper: deactivated, times: Infinity });
    await expect(update()).rejects.toBeInstanceOf(ImageNotActive);
    expect(await direct.show(member, id)).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });

  it('leaves the image queued when the data stream fails before its first byte', async () => {
    const failure = new Error('the engine went away');
    const { stream } = slowly();
    const outcome = service.update(member, id, {}, stream);
    stream.destroy(failure);
    await expect(outcome).rejects.toBe(failure);
    expect(proxy.asked('PUT', data)).toEqual([]);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('rejects with ImageNotFound when the image is deleted during the upload', async () => {
    const { stream, more } = slowly();
    const outcome = service.update(member, id, {}, stream);
    more(bytes);
    await setTimeout(300);
    await direct.delete(member, id);
    more(bytes);
    more(null);
    await expect(outcome).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('rejects with ImageNotFound when Glance reports the deletion with status 409', async () => {
    const body = JSON.stringify({ message: 'Image status transition from deleted to saving is not allowed' });
    proxy.inject({ method: 'PUT', url: data, answer: { status: 409, body } });
    // The two looks before the upload still find the image.
    proxy.inject({ method: 'GET', tamper: (content) => content, times: 2 });
    proxy.inject({ method: 'GET', answer: { status: 404 }, times: Infinity });
    await expect(update()).rejects.toBeInstanceOf(ImageNotFound);
    expect(proxy.asked('PUT', data)).toHaveLength(1);
    await direct.delete(member, id);
  });

  it('rejects with ImageNotFound when Glance still shows the deleted image', async () => {
    proxy.inject({ method: 'GET', tamper: deleted });
    await expect(update()).rejects.toBeInstanceOf(ImageNotFound);
    expect(proxy.asked('PUT', data)).toEqual([]);
    await direct.delete(member, id);
  });

  it('rejects with ImageConflict, and keeps the data, when another client has uploaded some', async () => {
    const others = bytesOf(1000);
    const { stream, more } = slowly();
    proxy.inject({ method: 'PUT', cutRequest: 0 });
    const outcome = service.update(member, id, {}, stream);
    await setTimeout(200);
    await direct.update(member, id, {}, streamOf(others));
    more(bytes);
    more(null);
    await expect(outcome).rejects.toBeInstanceOf(ImageConflict);
    expect((await read(await direct.download(member, id))).equals(others)).toBe(true);
    await direct.delete(member, id);
  });

  it('succeeds when all data arrived and only the response is lost', async () => {
    proxy.inject({ method: 'PUT', loseAnswer: true });
    expect(await update()).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });
});
