import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { descriptor, digestOf, manifestOf, ociIndex, ociManifest } from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

describe('a push (OCI distribution specification 1.1)', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage();
  });
  afterAll(() => on.close());

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
