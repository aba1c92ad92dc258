import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  configurationOf,
  descriptor,
  digestOf,
  manifestOf,
  ociIndex,
  ociManifest,
} from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

const uploads = (repository: string): string => `/v2/${repository}/blobs/uploads/`;
const octets = { 'content-type': 'application/octet-stream' };

describe('a push (OCI distribution specification 1.1)', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage();
  });
  afterAll(() => on.close());

  const begin = async (repository: string): Promise<string> => {
    const answer = await on.alice.send('POST', uploads(repository));
    expect(answer.status).toBe(202);
    return answer.header('location') ?? '';
  };
  const stored = async (repository: string, content: Buffer): Promise<Buffer> =>
    (await on.alice.send('GET', `/v2/${repository}/blobs/${digestOf(content)}`)).body;

  describe('of a blob', () => {
    it('is one POST', async () => {
      const content = randomBytes(1000);
      const answer = await on.alice.send('POST', `${uploads('post')}?digest=${digestOf(content)}`, {
        headers: octets,
        body: content,
      });
      expect([answer.status, answer.header('location')]).toEqual([
        201,
        `/v2/post/blobs/${digestOf(content)}`,
      ]);
      expect(await stored('post', content)).toEqual(content);
    });

    it('is a POST and a PUT', async () => {
      const content = randomBytes(1000);
      const location = await begin('post-put');
      const answer = await on.alice.send('PUT', `${location}?digest=${digestOf(content)}`, {
        headers: octets,
        body: content,
      });
      expect(answer.status).toBe(201);
      expect(await stored('post-put', content)).toEqual(content);
    });

    it('is a stream without a length, as Docker sends it', async () => {
      const content = randomBytes(1000);
      const location = await begin('stream');
      const patched = await on.alice.send('PATCH', location, { headers: octets, body: content });
      expect([patched.status, patched.header('range')]).toEqual([202, '0-999']);
      const put = await on.alice.send('PUT', `${location}?digest=${digestOf(content)}`);
      expect(put.status).toBe(201);
      expect(await stored('stream', content)).toEqual(content);
    });

    it('arrives in chunks, in order', async () => {
      const content = randomBytes(1000);
      const location = await begin('chunks');
      const chunk = (first: number, last: number): ReturnType<typeof on.alice.send> =>
        on.alice.send('PATCH', location, {
          headers: { ...octets, 'content-range': `${first}-${last}` },
          body: content.subarray(first, last + 1),
        });
      expect((await chunk(0, 299)).header('range')).toBe('0-299');
      const early = await chunk(600, 799);
      expect([early.status, early.error]).toEqual([416, 'RANGE_INVALID']);
      expect((await on.alice.send('GET', location)).header('range')).toBe('0-299');
      expect((await chunk(300, 799)).header('range')).toBe('0-799');
      const put = await on.alice.send('PUT', `${location}?digest=${digestOf(content)}`, {
        headers: { ...octets, 'content-range': '800-999' },
        body: content.subarray(800),
      });
      expect(put.status).toBe(201);
      expect(await stored('chunks', content)).toEqual(content);
    });

    it('continues after a chunk broke off', async () => {
      const content = randomBytes(4_000_000);
      const location = await begin('resumed');
      const token = on.registry.issueToken({ user_id: 'alice', project_id: 'project-a' }, 60_000);
      const [host, port] = on.address.split(':');
      const patch = request({
        ...{ host, port, path: location, method: 'PATCH' },
        headers: { authorization: `Bearer ${token}`, 'content-length': content.length },
      });
      patch.on('error', () => undefined);
      patch.write(content.subarray(0, 1_000_000));
      const arrived = async (): Promise<number> =>
        Number((await on.alice.send('GET', location)).header('range')?.split('-')[1]);
      while ((await arrived()) < 999_999) await setTimeout(10);
      patch.destroy();
      let first = 0;
      for (let isFree = false; !isFree;) {
        const status = await on.alice.send('GET', location);
        first = Number(status.header('range')?.split('-')[1]) + 1;
        const rest = await on.alice.send('PATCH', location, {
          headers: { ...octets, 'content-range': `${first}-${content.length - 1}` },
          body: content.subarray(first),
        });
        isFree = rest.status === 202;
      }
      expect(first).toBe(1_000_000);
      const put = await on.alice.send('PUT', `${location}?digest=${digestOf(content)}`);
      expect(put.status).toBe(201);
      expect(digestOf(await stored('resumed', content))).toBe(digestOf(content));
    });

    it('may arrive together with others, also the first ones of a repository', async () => {
      for (let round = 0; round < 10; round += 1) {
        const contents = Array.from({ length: 8 }, () => randomBytes(100));
        const repository = `together-${round}`;
        await Promise.all(contents.map((content) => on.alice.pushBlob(repository, content)));
        for (const content of contents) expect(await stored(repository, content)).toEqual(content);
      }
    });

    it('may arrive twice at the same time', async () => {
      const content = randomBytes(100);
      await Promise.all([1, 2, 3].map(() => on.alice.pushBlob('twins', content)));
      expect(await stored('twins', content)).toEqual(content);
    });

    it('is refused when its digest is wrong, and leaves nothing', async () => {
      const wrong = digestOf('something else');
      const answer = await on.alice.send('POST', `${uploads('wrong')}?digest=${wrong}`, { body: 'this' });
      expect([answer.status, answer.error]).toEqual([400, 'DIGEST_INVALID']);
      expect((await on.alice.send('HEAD', `/v2/wrong/blobs/${wrong}`)).status).toBe(404);
      expect((await on.alice.send('HEAD', `/v2/wrong/blobs/${digestOf('this')}`)).status).toBe(404);
    });

    it('is refused for an algorithm other than SHA-256', async () => {
      const answer = await on.alice.send('POST', `${uploads('md5')}?digest=md5:0123`, { body: 'this' });
      expect([answer.status, answer.error]).toEqual([400, 'DIGEST_INVALID']);
    });

    it('can be cancelled', async () => {
      const location = await begin('cancelled');
      expect((await on.alice.send('DELETE', location)).status).toBe(204);
      const answer = await on.alice.send('PATCH', location, { body: 'more' });
      expect([answer.status, answer.error]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    });

    it('is a mount from another repository', async () => {
      const content = randomBytes(1000);
      await on.alice.pushBlob('first', content);
      const digest = digestOf(content);
      const answer = await on.alice.send('POST', `${uploads('second')}?mount=${digest}&from=first`);
      expect([answer.status, answer.header('location')]).toEqual([201, `/v2/second/blobs/${digest}`]);
      expect(await stored('second', content)).toEqual(content);
    });

    it('begins an upload when there is nothing to mount', async () => {
      const digest = digestOf('never pushed');
      const answer = await on.alice.send('POST', `${uploads('second')}?mount=${digest}&from=first`);
      expect(answer.status).toBe(202);
      expect(answer.header('location')).toMatch(/^\/v2\/second\/blobs\/uploads\/[0-9a-f-]{36}$/);
    });
  });

  describe('of a manifest', () => {
    const layers = [randomBytes(2000), randomBytes(3000)];

    it('makes a bootable image with its digest', async () => {
      const digest = await on.alice.pushImage('team/app', '1.0', layers);
      expect(digest).toBe(digestOf(JSON.stringify(manifestOf(layers))));
      const [image] = (await on.images()).filter(({ name }) => name === 'team/app:1.0');
      expect(image).toMatchObject({
        ...{ status: 'active', container_format: 'docker', disk_format: 'raw' },
        ...{ owner: 'project-a', properties: { registry_repository: 'team/app', registry_digest: digest } },
      });
    });

    it('is refused when a blob is missing, and changes nothing', async () => {
      const before = await on.images();
      const unknown = [randomBytes(100)];
      await on.alice.pushBlob('partial', configurationOf(unknown));
      const answer = await on.alice.pushManifest('partial', 'latest', manifestOf(unknown));
      expect([answer.status, answer.error]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
      expect(await on.images()).toHaveLength(before.length);
    });

    it('is refused when it lies about a size', async () => {
      await on.alice.pushImage('size', 'right', layers);
      const manifest = manifestOf(layers);
      const answer = await on.alice.pushManifest('size', 'wrong', {
        ...manifest,
        layers: manifest.layers.map((layer) => ({ ...layer, size: layer.size + 1 })),
      });
      expect([answer.status, answer.error]).toEqual([400, 'MANIFEST_INVALID']);
    });

    it.each([
      ['no JSON', 'this', ociManifest],
      ['two readings', '{"config":{},"Config":{}}', ociManifest],
      [
        'another type than its header',
        JSON.stringify(manifestOf([])),
        'application/vnd.docker.distribution.manifest.v2+json',
      ],
    ])('is refused with %s', async (_what, body, type) => {
      const answer = await on.alice.send('PUT', '/v2/broken/manifests/latest', {
        headers: { 'content-type': type },
        body,
      });
      expect([answer.status, answer.error]).toEqual([400, 'MANIFEST_INVALID']);
    });

    it('is refused by a digest that is not its own', async () => {
      const answer = await on.alice.pushManifest('broken', digestOf('other'), manifestOf([]));
      expect([answer.status, answer.error]).toEqual([400, 'DIGEST_INVALID']);
    });

    it('moves its tag to the new image and keeps the old one by its digest', async () => {
      const old = await on.alice.pushImage('moved', 'latest', layers);
      const renewed = await on.alice.pushImage('moved', 'latest', [randomBytes(10)]);
      const names = (await on.images()).map(({ name }) => name).filter((name) => name?.startsWith('moved'));
      expect(names.sort()).toEqual(['moved:latest', `moved@${old}`]);
      const pulled = await on.alice.send('HEAD', '/v2/moved/manifests/latest');
      expect(pulled.header('docker-content-digest')).toBe(renewed);
      expect((await on.alice.send('HEAD', `/v2/moved/manifests/${old}`)).status).toBe(200);
    });

    it('moves a tag back without a copy', async () => {
      const first = await on.alice.pushImage('back', 'latest', layers);
      await on.alice.pushImage('back', 'latest', [randomBytes(10)]);
      const before = (await on.images()).length;
      expect(await on.alice.pushImage('back', 'latest', layers)).toBe(first);
      expect((await on.images()).length).toBe(before);
    });

    it('pushed again after its tag had moved back makes no copy', async () => {
      for (const image of [layers, [randomBytes(10)], layers])
        await on.alice.pushImage('thrice', 'latest', image);
      const before = (await on.images()).length;
      await on.alice.pushImage('thrice', 'latest', layers);
      expect((await on.images()).length).toBe(before);
    });

    it('mends a tag that an interrupted push gave to two images', async () => {
      await on.alice.pushImage('double', 'latest', layers);
      await on.alice.pushImage('double', 'latest', [randomBytes(10)]);
      const [old] = (await on.images()).filter(({ name }) => name?.startsWith('double@'));
      await on.imageService.update({ project_id: 'project-a' }, old?.id ?? '', { name: 'double:latest' });
      await on.alice.pushImage('double', 'latest', layers);
      expect((await on.images()).filter(({ name }) => name === 'double:latest')).toHaveLength(1);
    });

    it('is refused when its media type cannot be a header', async () => {
      const answer = await on.alice.pushManifest('broken', 'latest', {
        ...manifestOf([]),
        mediaType: 'a/b\r\nX',
      });
      expect([answer.status, answer.error]).toEqual([400, 'MANIFEST_INVALID']);
    });

    it('may have long annotations', async () => {
      await on.alice.pushImage('annotated', 'plain', layers);
      const annotations = { 'org.example': 'x'.repeat(100_000) };
      const answer = await on.alice.pushManifest('annotated', 'long', { ...manifestOf(layers), annotations });
      expect(answer.status).toBe(201);
    });

    it('pushed twice makes one image', async () => {
      await on.alice.pushImage('twice', 'latest', layers);
      await on.alice.pushImage('twice', 'latest', layers);
      expect((await on.images()).filter(({ name }) => name?.startsWith('twice'))).toHaveLength(1);
    });

    it('takes the layers of images that are there', async () => {
      await on.alice.pushImage('base', 'latest', [layers[0] ?? Buffer.alloc(0)]);
      const inherited = manifestOf(layers).layers[0]?.digest ?? '';
      expect((await on.alice.send('POST', `${uploads('heir')}?mount=${inherited}&from=base`)).status).toBe(
        201,
      );
      await on.alice.pushBlob('heir', gzipSync(layers[1] ?? Buffer.alloc(0)));
      await on.alice.pushBlob('heir', configurationOf(layers));
      expect((await on.alice.pushManifest('heir', 'latest', manifestOf(layers))).status).toBe(201);
      const blob = await on.alice.send('GET', `/v2/heir/blobs/${inherited}`);
      expect(digestOf(blob.body)).toBe(inherited);
    });

    it('that is no image becomes one that Nova does not boot', async () => {
      const empty = Buffer.from('{}');
      const note = Buffer.from('signed');
      for (const content of [empty, note]) await on.alice.pushBlob('signed', content);
      const answer = await on.alice.pushManifest('signed', 'signature', {
        schemaVersion: 2,
        mediaType: ociManifest,
        artifactType: 'application/vnd.example.signature',
        config: descriptor(empty, 'application/vnd.oci.empty.v1+json'),
        layers: [descriptor(note, 'text/plain')],
      });
      expect(answer.status).toBe(201);
      const [image] = (await on.images()).filter(({ name }) => name === 'signed:signature');
      expect(image?.container_format).toBe('bare');
    });
  });

  describe('of a list of manifests', () => {
    const layers = [randomBytes(500)];
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    const list = (manifests: readonly object[]): object => ({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests,
    });
    const entry = (content: Buffer, arch: string): object => ({
      ...descriptor(content, ociManifest),
      platform: { os: 'linux', architecture: arch },
    });

    it('gives the tag to the image for this processor, and is pulled as it was pushed', async () => {
      const manifest = Buffer.from(JSON.stringify(manifestOf(layers)));
      const digest = await on.alice.pushImage('many', digestOf(manifest), layers);
      const index = list([entry(manifest, architecture)]);
      const answer = await on.alice.pushManifest('many', 'latest', index, ociIndex);
      expect(answer.status).toBe(201);
      const pulled = await on.alice.send('GET', '/v2/many/manifests/latest');
      expect([pulled.header('content-type'), pulled.json()]).toEqual([ociIndex, index]);
      expect(pulled.header('docker-content-digest')).toBe(digestOf(JSON.stringify(index)));
      const byDigest = await on.alice.send('GET', `/v2/many/manifests/${digestOf(JSON.stringify(index))}`);
      expect(byDigest.json()).toEqual(index);
      const [image] = (await on.images()).filter(({ name }) => name === 'many:latest');
      expect(image?.properties['registry_digest']).toBe(digest);
    });

    it('is refused when one of its manifests is missing', async () => {
      const index = list([entry(Buffer.from('never pushed'), architecture)]);
      const answer = await on.alice.pushManifest('many', 'wrong', index, ociIndex);
      expect([answer.status, answer.error]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
    });

    it('without an image for this processor keeps its tag, but does not boot', async () => {
      const digest = await on.alice.pushImage(
        'foreign',
        digestOf(JSON.stringify(manifestOf(layers))),
        layers,
      );
      const manifest = Buffer.from(JSON.stringify(manifestOf(layers)));
      const index = list([entry(manifest, 'riscv64')]);
      expect((await on.alice.pushManifest('foreign', 'latest', index, ociIndex)).status).toBe(201);
      expect((await on.alice.send('GET', '/v2/foreign/manifests/latest')).json()).toEqual(index);
      const [image] = (await on.images()).filter(({ name }) => name === 'foreign:latest');
      expect(image?.container_format).toBe('bare');
      expect((await on.alice.send('HEAD', `/v2/foreign/manifests/${digest}`)).status).toBe(200);
    });

    it('can be pushed by its digest, as buildx does', async () => {
      const manifest = Buffer.from(JSON.stringify(manifestOf(layers)));
      await on.alice.pushImage('by-digest', digestOf(manifest), layers);
      const index = list([entry(manifest, architecture)]);
      const digest = digestOf(JSON.stringify(index));
      expect((await on.alice.pushManifest('by-digest', digest, index, ociIndex)).status).toBe(201);
      expect((await on.alice.send('GET', `/v2/by-digest/manifests/${digest}`)).json()).toEqual(index);
    });

    it('stays there by its digest after its tag has moved', async () => {
      const manifest = Buffer.from(JSON.stringify(manifestOf(layers)));
      await on.alice.pushImage('lists', digestOf(manifest), layers);
      const [first, second] = [
        list([entry(manifest, architecture)]),
        list([entry(manifest, architecture), entry(manifest, 'arm')]),
      ];
      for (const index of [first, second])
        expect((await on.alice.pushManifest('lists', 'latest', index, ociIndex)).status).toBe(201);
      for (const index of [first, second]) {
        const digest = digestOf(JSON.stringify(index));
        expect((await on.alice.send('GET', `/v2/lists/manifests/${digest}`)).json()).toEqual(index);
      }
      expect((await on.alice.send('GET', '/v2/lists/manifests/latest')).json()).toEqual(second);
      await on.alice.pushImage('lists', 'latest', layers);
      expect((await on.alice.send('GET', '/v2/lists/manifests/latest')).json()).toEqual(manifestOf(layers));
    });
  });
});
