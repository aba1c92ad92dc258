import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestOf, manifestOf, ociManifest } from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

describe('a pull (OCI distribution specification 1.1)', () => {
  const layers = [randomBytes(2000), randomBytes(3000)];
  const manifest = JSON.stringify(manifestOf(layers));
  let on: Stage;
  let digest: string;
  beforeAll(async () => {
    on = await stage();
    digest = await on.alice.pushImage('app', '1.0', layers);
  });
  afterAll(() => on.close());

  it('begins at /v2/', async () => {
    const answer = await on.alice.send('GET', '/v2/');
    expect([answer.status, answer.header('docker-distribution-api-version')]).toEqual([200, 'registry/2.0']);
  });

  it.each(['1.0', 'digest'])('gets a manifest by %s, byte for byte', async (by) => {
    const path = `/v2/app/manifests/${by === 'digest' ? digest : by}`;
    const answer = await on.alice.send('GET', path);
    expect(answer.body.toString()).toBe(manifest);
    const head = await on.alice.send('HEAD', path);
    for (const { status, header } of [answer, head]) {
      expect(status).toBe(200);
      expect(header('content-type')).toBe(ociManifest);
      expect(header('content-length')).toBe(String(manifest.length));
      expect(header('docker-content-digest')).toBe(digest);
    }
  });

  it('gets every blob of an image out of the image service', async () => {
    const { config, layers: stored } = manifestOf(layers);
    for (const { digest: blob, size } of [config, ...stored]) {
      const answer = await on.alice.send('GET', `/v2/app/blobs/${blob}`);
      expect([answer.status, answer.body.length, digestOf(answer.body)]).toEqual([200, size, blob]);
      const head = await on.alice.send('HEAD', `/v2/app/blobs/${blob}`);
      expect([head.status, head.header('content-length'), head.header('docker-content-digest')]).toEqual([
        200,
        String(size),
        blob,
      ]);
    }
  });

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/'],
    ['bytes=100-', 206, 'bytes 100-'],
    ['bytes=-10', 206, 'bytes '],
  ])('gets the range %s of a blob', async (range, status, contentRange) => {
    const [layer] = manifestOf(layers).layers;
    const path = `/v2/app/blobs/${layer?.digest ?? ''}`;
    const whole = (await on.alice.send('GET', path)).body;
    const answer = await on.alice.send('GET', path, { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.header('content-range')).toContain(contentRange);
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
    const wanted =
      first === ''
        ? whole.subarray(-Number(last))
        : whole.subarray(Number(first), last === '' ? undefined : Number(last) + 1);
    expect(answer.body).toEqual(wanted);
  });

  it('refuses a range beyond the end of a blob', async () => {
    const [layer] = manifestOf(layers).layers;
    const answer = await on.alice.send('GET', `/v2/app/blobs/${layer?.digest ?? ''}`, {
      headers: { range: 'bytes=1000000-' },
    });
    expect([answer.status, answer.error]).toEqual([416, 'RANGE_INVALID']);
  });

  it.each([
    ['a tag', 'app/manifests/2.0', 'MANIFEST_UNKNOWN'],
    ['a manifest', `app/manifests/${digestOf('nothing')}`, 'MANIFEST_UNKNOWN'],
    ['a repository', 'nothing/manifests/latest', 'MANIFEST_UNKNOWN'],
    ['a blob', `app/blobs/${digestOf('nothing')}`, 'BLOB_UNKNOWN'],
  ])('is answered with 404 for %s that does not exist', async (_what, path, code) => {
    expect((await on.alice.send('HEAD', `/v2/${path}`)).status).toBe(404);
    const answer = await on.alice.send('GET', `/v2/${path}`);
    expect([answer.status, answer.error]).toEqual([404, code]);
  });

  it('breaks off when the image service has other bytes than were pushed', async () => {
    const damaged = await stage({
      imageService: {
        show: (...call) => on.imageService.show(...call),
        detail: (...call) => on.imageService.detail(...call),
        download: async (context, id, options) => {
          const data = await on.imageService.download(context, id, options);
          return data.map((chunk: Buffer) => Buffer.from(chunk).fill(0));
        },
        create: (...call) => on.imageService.create(...call),
        update: (...call) => on.imageService.update(...call),
        delete: (...call) => on.imageService.delete(...call),
      },
    });
    try {
      const [layer] = manifestOf(layers).layers;
      await expect(damaged.alice.send('GET', `/v2/app/blobs/${layer?.digest ?? ''}`)).rejects.toThrow();
      const answer = await damaged.alice.send('GET', '/v2/app/manifests/1.0');
      expect([answer.status, answer.error]).toEqual([400, 'MANIFEST_INVALID']);
    } finally {
      await damaged.close();
    }
  });
});
