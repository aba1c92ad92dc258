import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import type { SnapshotReception } from '../../../lib/registry/index.js';
import { sleep, readAll } from '../../../lib/streams/index.js';
import {
  configurationOf,
  digestOf,
  manifestOf,
  ociManifest,
  type ReadAnswer,
} from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

describe('a snapshot that an engine pushes', () => {
  const layers = [randomBytes(4000), randomBytes(3000)];
  const [below, above] = layers.map((layer) => gzipSync(layer));
  const configuration = configurationOf(layers);
  const manifest = JSON.stringify(manifestOf(layers));
  const [base] = manifestOf(layers).layers;
  let on: Stage;
  let reception: SnapshotReception;
  let path: string;
  beforeAll(async () => {
    on = await stage();
  });
  beforeEach(async () => {
    reception = await on.registry.receiveSnapshot(base === undefined ? [] : [base]);
    path = `/v2/${reception.repository}`;
  });
  afterEach(async () => {
    await reception[Symbol.asyncDispose]();
  });
  afterAll(() => on.close());

  const send = (method: string, to: string, body?: Buffer | string): Promise<ReadAnswer> =>
    on.nobody.sendAs(reception.token, method, to, {
      headers: { 'content-type': ociManifest },
      ...(body === undefined ? {} : { body }),
    });
  const pushBlob = (content: Buffer): Promise<ReadAnswer> =>
    send('POST', `${path}/blobs/uploads/?digest=${digestOf(content)}`, content);
  const pushAll = async (): Promise<ReadAnswer> => {
    for (const content of [above ?? Buffer.alloc(0), configuration])
      expect((await pushBlob(content)).status).toBe(201);
    return await send('PUT', `${path}/manifests/tmp-1`, manifest);
  };
  const files = async (): Promise<string[]> => {
    const [folder = ''] = await readdir(on.blobFolder);
    return await readdir(join(on.blobFolder, folder));
  };

  it('needs only the blobs that the driver does not have', async () => {
    const head = await send('HEAD', `${path}/blobs/${digestOf(below ?? '')}`);
    expect([head.status, head.header('content-length')]).toEqual([200, String(below?.length)]);
    expect((await send('HEAD', `${path}/blobs/${digestOf(above ?? '')}`)).status).toBe(404);
    expect((await send('HEAD', `${path}/manifests/tmp-1`)).status).toBe(404);
    expect(reception.received).toBeUndefined();
    const put = await pushAll();
    expect([put.status, put.header('docker-content-digest')]).toEqual([201, digestOf(manifest)]);
    const { received } = reception;
    expect(received?.content.toString()).toBe(manifest);
    for (const content of [above ?? Buffer.alloc(0), configuration]) {
      const read = await received?.blob(digestOf(content));
      expect(read && (await readAll(read, Infinity))).toEqual(content);
    }
  });

  it('becomes no image of the image service', async () => {
    await pushAll();
    expect(await on.images()).toEqual([]);
  });

  it('arrives in chunks, as engines send it', async () => {
    const begun = await send('POST', `${path}/blobs/uploads/`);
    const location = begun.header('location') ?? '';
    expect((await send('PATCH', location, 'the ')).status).toBe(202);
    const put = await send('PUT', `${location}?digest=${digestOf('the layer')}`, 'layer');
    expect(put.status).toBe(201);
  });

  it.each([
    ['a blob with another digest', () => send('POST', `${path}/blobs/uploads/?digest=${digestOf('a')}`, 'b')],
    ['a manifest that names a missing blob', () => send('PUT', `${path}/manifests/tmp-1`, manifest)],
    ['a manifest with another digest', () => send('PUT', `${path}/manifests/${digestOf('a')}`, manifest)],
    ['a manifest that is none', () => send('PUT', `${path}/manifests/tmp-1`, '[]')],
  ])('is refused: %s', async (_what, push) => {
    const { status } = await push();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(reception.received).toBeUndefined();
  });

  it('is refused when it lies about the size of a blob that the driver has', async () => {
    await pushAll();
    const other = await on.registry.receiveSnapshot([{ digest: base?.digest ?? '', size: 1 }]);
    await using _ = other;
    for (const content of [above ?? Buffer.alloc(0), configuration])
      await on.nobody.sendAs(other.token, 'POST', `${path}/blobs/uploads/?digest=${digestOf(content)}`, {
        body: content,
      });
    const put = await on.nobody.sendAs(other.token, 'PUT', `${path}/manifests/tmp-1`, { body: manifest });
    expect([put.status, put.error]).toEqual([400, 'MANIFEST_INVALID']);
    expect(other.received).toBeUndefined();
  });

  it('has a token that gives access to nothing else', async () => {
    await on.alice.pushImage('secret', 'latest', layers);
    for (const [method, to] of [
      ['GET', '/v2/secret/manifests/latest'],
      ['GET', '/v2/secret/tags/list'],
      ['GET', `/v2/secret/blobs/${digestOf(below ?? '')}`],
      ['POST', '/v2/secret/blobs/uploads/'],
      ['POST', '/v2/other/blobs/uploads/'],
      ['DELETE', '/v2/secret/manifests/latest'],
      ['GET', `${path}/blobs/${digestOf(below ?? '')}`],
      ['GET', `${path}/tags/list`],
      ['GET', '/v2/'],
    ] as const) {
      const answer = await send(method, to);
      expect([method, to, answer.status, answer.error]).toEqual([method, to, 403, 'DENIED']);
    }
    const mount = await send('POST', `${path}/blobs/uploads/?mount=${digestOf(configuration)}&from=secret`);
    expect(mount.status).toBe(202);
  });

  it('is open to no other token, not even to one of another snapshot', async () => {
    const digest = digestOf((await pushBlob(Buffer.from('mine'))).status === 201 ? 'mine' : '');
    const begun = await send('POST', `${path}/blobs/uploads/`);
    const other = await on.registry.receiveSnapshot([]);
    await using _ = other;
    const token = await on.nobody.token({ username: 'alice', password: 'open sesame' });
    for (const each of [other.token, token]) {
      expect((await on.nobody.sendAs(each, 'HEAD', `${path}/blobs/${digest}`)).status).toBe(404);
      const patch = await on.nobody.sendAs(each, 'PATCH', begun.header('location') ?? '', { body: 'more' });
      expect([patch.status, patch.error]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    }
  });

  it('leaves nothing when its reception ends, also of what is still arriving', async () => {
    const before = await files();
    await pushAll();
    const location = (await send('POST', `${path}/blobs/uploads/`)).header('location') ?? '';
    expect((await files()).length).toBeGreaterThan(before.length);
    const headers = { authorization: `Bearer ${reception.token}` };
    const patch = request(`http://${on.address}${location}`, { method: 'PATCH', headers });
    const answered: Promise<unknown[]> = once(patch, 'response');
    patch.write('part of a layer');
    while ((await send('GET', location)).header('range') !== '0-14') await sleep(10, undefined);
    await reception[Symbol.asyncDispose]();
    patch.end('and more');
    const [answer] = await answered;
    expect(answer).toMatchObject({ statusCode: 404 });
    patch.destroy();
    expect(await files()).toEqual(before);
    const { status } = await send('HEAD', `${path}/blobs/${digestOf(configuration)}`);
    expect(status).toBe(401);
  });

  it('is not received before the registry is started', async () => {
    const closed = await stage();
    await closed.close();
    await expect(closed.registry.receiveSnapshot([])).rejects.toThrow('call start first');
  });
});
