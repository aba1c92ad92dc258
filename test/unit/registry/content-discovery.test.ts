import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { descriptor, digestOf, ociIndex, ociManifest } from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

describe('content discovery (OCI distribution specification 1.1)', () => {
  const layers = [randomBytes(100)];
  let on: Stage;
  beforeAll(async () => {
    on = await stage();
    for (const tag of ['c', 'a', 'b']) await on.alice.pushImage('app', tag, layers);
  });
  afterAll(() => on.close());

  const tags = async (query: string): Promise<{ tags: unknown; link: string | null }> => {
    const answer = await on.alice.send('GET', `/v2/app/tags/list${query}`);
    expect(answer.status).toBe(200);
    return { tags: answer.json(), link: answer.header('link') };
  };

  it('lists the tags in order', async () => {
    expect(await tags('')).toEqual({ tags: { name: 'app', tags: ['a', 'b', 'c'] }, link: null });
  });

  it('lists the tags in pages', async () => {
    expect(await tags('?n=2')).toEqual({
      tags: { name: 'app', tags: ['a', 'b'] },
      link: '</v2/app/tags/list?n=2&last=b>; rel="next"',
    });
    expect(await tags('?n=2&last=b')).toEqual({ tags: { name: 'app', tags: ['c'] }, link: null });
    expect(await tags('?n=0')).toEqual({ tags: { name: 'app', tags: [] }, link: null });
  });

  it('knows no repository without images', async () => {
    const answer = await on.alice.send('GET', '/v2/nothing/tags/list');
    expect([answer.status, answer.error]).toEqual([404, 'NAME_UNKNOWN']);
  });

  describe('of referrers', () => {
    let subject: string;
    const empty = Buffer.from('{}');
    const sign = async (artifactType: string): Promise<string> => {
      await on.alice.pushBlob('app', empty);
      const { body } = await on.alice.send('GET', `/v2/app/manifests/${subject}`);
      const manifest = {
        schemaVersion: 2,
        mediaType: ociManifest,
        artifactType,
        config: descriptor(empty, 'application/vnd.oci.empty.v1+json'),
        layers: [descriptor(empty, 'application/vnd.oci.empty.v1+json')],
        subject: descriptor(body, ociManifest),
        annotations: { 'org.example': artifactType },
      };
      const digest = digestOf(JSON.stringify(manifest));
      const answer = await on.alice.pushManifest('app', digest, manifest);
      expect([answer.status, answer.header('oci-subject')]).toEqual([201, subject]);
      return digest;
    };
    beforeAll(async () => {
      subject = await on.alice.pushImage('app', 'a', layers);
    });

    it('is an empty list without any', async () => {
      const answer = await on.alice.send('GET', `/v2/app/referrers/${digestOf('nothing')}`);
      expect([answer.status, answer.header('content-type')]).toEqual([200, ociIndex]);
      expect(answer.json()).toMatchObject({ schemaVersion: 2, mediaType: ociIndex, manifests: [] });
    });

    it('lists the manifests about an image, also of one type', async () => {
      const [one, other] = [await sign('application/x-one'), await sign('application/x-other')];
      const all = await on.alice.send('GET', `/v2/app/referrers/${subject}`);
      expect(JSON.stringify(all.json())).toContain(one);
      expect(JSON.stringify(all.json())).toContain(other);
      const filtered = await on.alice.send(
        'GET',
        `/v2/app/referrers/${subject}?artifactType=application/x-one`,
      );
      expect(filtered.header('oci-filters-applied')).toBe('artifactType');
      expect(filtered.json()).toMatchObject({
        manifests: [
          {
            ...{ mediaType: ociManifest, digest: one, artifactType: 'application/x-one' },
            annotations: { 'org.example': 'application/x-one' },
          },
        ],
      });
    });

    it('refuses a malformed digest', async () => {
      const answer = await on.alice.send('GET', '/v2/app/referrers/latest');
      expect([answer.status, answer.error]).toEqual([400, 'DIGEST_INVALID']);
    });
  });
});
