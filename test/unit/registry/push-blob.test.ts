import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../support/registry-user.js';
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
});
