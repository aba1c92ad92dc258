import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  configurationOf,
  descriptor,
  digestOf,
  manifestOf,
  ociManifest,
} from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

const uploads = (repository: string): string => `/v2/${repository}/blobs/uploads/`;

describe('a push (OCI distribution specification 1.1)', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage();
  });
  afterAll(() => on.close());

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
});
