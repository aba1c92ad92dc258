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
/** Sees the same images and meets no faults. */
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
/** What the service says of an image that somebody deactivates as soon as it is active. */
const deactivated = (content: Buffer): Buffer =>
  Buffer.from(content.toString().replace('"status": "active"', '"status": "deactivated"'));

const named = (name: string): Promise<ImageRecord[]> => direct.detail(member, { filters: { name } });

/** A stream that gives some bytes, and more when `more` is called. */
function slowly(): { stream: Readable; more: (bytes: Buffer | null) => void } {
  const stream = new Readable({ read: () => undefined });
  return { stream, more: (piece) => stream.push(piece) };
}

describe('an upload to a new image', () => {
  let name: string;
  beforeEach(() => {
    name = randomUUID();
  });
  const create = (metadata: ImageMetadata = {}): Promise<ImageRecord> =>
    service.create(member, { ...formats, name, ...metadata }, streamOf(bytes));

  it('leaves no image when the connection breaks half-way', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image, protected or not, when the connection breaks half-way', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(create({ protected: true })).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image when the service takes no more', async () => {
    proxy.inject({ method: 'PUT', stallRequest: 100_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image when the service still waits for a client that is gone', async () => {
    proxy.inject({ method: 'PUT', leaveHanging: 3_000_000 });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
  });

  it('leaves no image when the service refuses it half-way', async () => {
    proxy.inject({ method: 'PUT', answer: { status: 413, body: '{"message": "Over <b>quota</b>"}' } });
    const failure = await create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ImageQuotaExceeded);
    expect(failure).toMatchObject({ message: expect.stringContaining('Over quota') });
    expect(await named(name)).toEqual([]);
  });

  it('succeeds when all arrived and only the answer was lost', async () => {
    proxy.inject({ method: 'PUT', loseAnswer: true });
    const record = await create();
    expect(record).toMatchObject({ status: 'active', size: bytes.length });
    expect((await read(await direct.download(member, record.id))).equals(bytes)).toBe(true);
    await direct.delete(member, record.id);
  });

  it('fails and leaves no image when other bytes arrived', async () => {
    proxy.inject({ method: 'PUT', tamperRequest: flip });
    await expect(create()).rejects.toBeInstanceOf(ImageUnacceptable);
    expect(await named(name)).toEqual([]);
  });

  it('fails, and leaves the image, when it was deactivated with all its data', async () => {
    proxy.inject({ method: 'GET', tamper: deactivated, times: Infinity });
    await expect(create({ protected: true })).rejects.toBeInstanceOf(ImageNotActive);
    const [left] = await named(name);
    expect(left).toMatchObject({ status: 'active', protected: true, size: bytes.length });
    await direct.update(member, left?.id ?? '', { protected: false });
    await direct.delete(member, left?.id ?? '');
  });

  it('tells both failures when what is left cannot be removed', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    proxy.inject({ method: 'DELETE', answer: { status: 503 }, times: 2 });
    const failure = await create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GlanceConnectionFailed);
    expect(failure).toMatchObject({
      cause: { errors: [{ name: 'GlanceConnectionFailed' }, { name: 'GlanceConnectionFailed' }] },
    });
    for (const { id } of await named(name)) await direct.delete(member, id);
  });

  it('opens no connection before there is something to send', async () => {
    const { stream, more } = slowly();
    const outcome = service.create(member, { ...formats, name }, stream);
    await setTimeout(800);
    expect(proxy.asked('PUT', data)).toEqual([]);
    more(bytes);
    more(null);
    const { id } = await outcome;
    await direct.delete(member, id);
  });

  it('is not taken for silent while its data lets itself be waited for', async () => {
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

  it('leaves no image when the answer to its making is lost', async () => {
    proxy.inject({ method: 'POST', loseAnswer: true });
    await expect(create()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await named(name)).toEqual([]);
    expect(proxy.asked('POST', /./)).toHaveLength(1);
  });

  it('leaves an image of a chosen id alone when the answer to its making is lost: it may be another', async () => {
    const id = randomUUID();
    proxy.inject({ method: 'POST', loseAnswer: true });
    await expect(create({ id })).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('holds no connection after it failed', async () => {
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

describe('an upload to a queued image', () => {
  let id: string;
  beforeEach(async () => {
    ({ id } = await direct.create(member, formats));
  });
  const update = (): Promise<ImageRecord> => service.update(member, id, {}, streamOf(bytes));

  it('leaves it queued, and can be done again, when the connection breaks half-way', async () => {
    proxy.inject({ method: 'PUT', cutRequest: 3_000_000 });
    await expect(update()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    expect(await update()).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });

  it('leaves it queued when the service refuses the data', async () => {
    proxy.inject({ method: 'PUT', answer: { status: 413 } });
    await expect(update()).rejects.toBeInstanceOf(ImageQuotaExceeded);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('deletes it when it stays half uploaded', async () => {
    proxy.inject({ method: 'PUT', leaveHanging: 3_000_000 });
    await expect(update()).rejects.toBeInstanceOf(GlanceConnectionFailed);
    await expect(direct.show(member, id)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it.each([false, true])(
    'fails and leaves it when other bytes arrived; protected: %s',
    async (isProtected) => {
      await direct.update(member, id, { protected: isProtected });
      proxy.inject({ method: 'PUT', tamperRequest: flip });
      await expect(update()).rejects.toBeInstanceOf(ImageUnacceptable);
      expect(await direct.show(member, id)).toMatchObject({ status: 'active', protected: isProtected });
      await direct.update(member, id, { protected: false });
      await direct.delete(member, id);
    },
  );

  it('fails, and leaves it, when it was deactivated with all its data', async () => {
    proxy.inject({ method: 'GET', tamper: deactivated, times: Infinity });
    await expect(update()).rejects.toBeInstanceOf(ImageNotActive);
    expect(await direct.show(member, id)).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });

  it('leaves it queued when the data breaks before its first byte', async () => {
    const failure = new Error('the engine went away');
    const { stream } = slowly();
    const outcome = service.update(member, id, {}, stream);
    stream.destroy(failure);
    await expect(outcome).rejects.toBe(failure);
    expect(proxy.asked('PUT', data)).toEqual([]);
    expect(await direct.show(member, id)).toMatchObject({ status: 'queued' });
    await direct.delete(member, id);
  });

  it('tells that it was deleted meanwhile', async () => {
    const { stream, more } = slowly();
    const outcome = service.update(member, id, {}, stream);
    more(bytes);
    await setTimeout(300);
    await direct.delete(member, id);
    more(bytes);
    more(null);
    await expect(outcome).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('tells that it was deleted meanwhile when the service calls that a conflict', async () => {
    const body = JSON.stringify({ message: 'Image status transition from deleted to saving is not allowed' });
    proxy.inject({ method: 'PUT', url: data, answer: { status: 409, body } });
    const { stream, more } = slowly();
    const outcome = service.update(member, id, {}, stream);
    await direct.delete(member, id);
    more(bytes);
    more(null);
    await expect(outcome).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('tells that somebody else has given it its data, and leaves that', async () => {
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

  it('succeeds when all arrived and only the answer was lost', async () => {
    proxy.inject({ method: 'PUT', loseAnswer: true });
    expect(await update()).toMatchObject({ status: 'active', size: bytes.length });
    await direct.delete(member, id);
  });
});
