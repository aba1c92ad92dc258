import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestOf, manifestOf } from '../../support/registry-user.js';
import { stage, type Stage } from './stage.js';

describe('content management (OCI distribution specification 1.1)', () => {
  const layers = [randomBytes(100)];
  let on: Stage;
  beforeAll(async () => {
    on = await stage();
  });
  afterAll(() => on.close());
  const status = async (path: string): Promise<number> => (await on.alice.send('HEAD', `/v2/${path}`)).status;

  it('deletes a tag and keeps its manifest', async () => {
    const digest = await on.alice.pushImage('tag', 'latest', layers);
    expect((await on.alice.send('DELETE', '/v2/tag/manifests/latest')).status).toBe(202);
    expect(await status('tag/manifests/latest')).toBe(404);
    expect(await status(`tag/manifests/${digest}`)).toBe(200);
  });

  it('deletes a manifest with all its tags and images', async () => {
    const digest = await on.alice.pushImage('manifest', 'one', layers);
    await on.alice.pushImage('manifest', 'two', layers);
    expect((await on.alice.send('DELETE', `/v2/manifest/manifests/${digest}`)).status).toBe(202);
    for (const reference of [digest, 'one', 'two'])
      expect(await status(`manifest/manifests/${reference}`)).toBe(404);
    expect((await on.images()).filter(({ name }) => name?.startsWith('manifest'))).toEqual([]);
  });

  it('deletes a blob that no image holds', async () => {
    const digest = await on.alice.pushBlob('blob', randomBytes(10));
    expect((await on.alice.send('DELETE', `/v2/blob/blobs/${digest}`)).status).toBe(202);
    expect(await status(`blob/blobs/${digest}`)).toBe(404);
  });

  it('does not delete a blob of an image', async () => {
    await on.alice.pushImage('held', 'latest', layers);
    const digest = manifestOf(layers).config.digest;
    const answer = await on.alice.send('DELETE', `/v2/held/blobs/${digest}`);
    expect([answer.status, answer.error]).toEqual([405, 'UNSUPPORTED']);
    expect(await status(`held/blobs/${digest}`)).toBe(200);
  });

  it.each(['manifests/latest', `manifests/${digestOf('none')}`, `blobs/${digestOf('none')}`])(
    'is answered with 404 for %s that does not exist',
    async (path) => {
      expect((await on.alice.send('DELETE', `/v2/nothing/${path}`)).status).toBe(404);
    },
  );

  it('deletes the image that lost its tag, if the operator wants it', async () => {
    const asked: string[] = [];
    const tidy = await stage({
      mayDeleteReplaced: ({ name }) => {
        asked.push(name ?? '');
        return true;
      },
    });
    try {
      await tidy.alice.pushImage('app', 'latest', layers);
      await tidy.alice.pushImage('app', 'latest', [randomBytes(10)]);
      expect((await tidy.images()).map(({ name }) => name)).toEqual(['app:latest']);
      expect(asked).toEqual(['app:latest']);
    } finally {
      await tidy.close();
    }
  });
});
