import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { configurationOf, contentsOf, digestOf, manifestOf } from '../../support/registry-user.js';
import { alice, stage, type Stage } from './stage.js';

describe('access to the registry', () => {
  const layers = [randomBytes(2000)];
  const layer = gzipSync(layers[0] ?? Buffer.alloc(0));
  let on: Stage;
  let digest: string;
  beforeAll(async () => {
    on = await stage();
    digest = await on.alice.pushImage('secret', 'latest', layers);
  });
  afterAll(() => on.close());

  it('sends a client without a token to the token endpoint', async () => {
    for (const path of ['/v2/', '/v2/secret/manifests/latest', '/anything']) {
      const answer = await on.nobody.send('GET', path);
      expect([answer.status, answer.error]).toEqual([401, 'UNAUTHORIZED']);
      expect(answer.header('www-authenticate')).toBe(
        `Bearer realm="http://${on.address}/token",service="${on.address}"`,
      );
    }
  });

  it.each(['Bearer unknown', `Basic ${Buffer.from('alice:open sesame').toString('base64')}`, 'Bearer'])(
    'accepts no other authorization: %s',
    async (authorization) => {
      expect((await on.nobody.send('GET', '/v2/', { headers: { authorization } })).status).toBe(401);
    },
  );

  it.each([
    ['a wrong password', { ...alice, password: 'open' }],
    ['an unknown user', { username: 'mallory', password: 'open sesame' }],
    ['an empty password', { ...alice, password: '' }],
  ])('issues no token for %s', async (_what, login) => {
    await expect(on.nobody.token(login)).rejects.toThrow('401');
  });

  it('issues a token for a form, as containerd asks', async () => {
    const form = new URLSearchParams({ grant_type: 'password', ...alice, service: on.address });
    const answer = await on.nobody.send('POST', '/token', { body: form.toString() });
    const { access_token } = z.object({ access_token: z.string() }).parse(answer.json());
    expect((await on.nobody.sendAs(access_token, 'GET', '/v2/')).status).toBe(200);
  });

  it('revokes a token that the driver issued', async () => {
    const token = on.registry.issueToken({ project_id: 'project-a' }, 60_000);
    expect((await on.nobody.sendAs(token, 'GET', '/v2/secret/manifests/latest')).status).toBe(200);
    on.registry.revokeToken(token);
    expect((await on.nobody.sendAs(token, 'GET', '/v2/secret/manifests/latest')).status).toBe(401);
  });

  describe('of another project', () => {
    it.each(['tag', 'digest'])('pulls no private image by its %s', async (by) => {
      const path = `/v2/secret/manifests/${by === 'tag' ? 'latest' : digest}`;
      expect((await on.bob.send('GET', path)).status).toBe(404);
      expect((await on.bob.send('HEAD', path)).status).toBe(404);
    });

    it('reads no blob of it', async () => {
      expect((await on.bob.send('GET', `/v2/secret/blobs/${digestOf(layer)}`)).status).toBe(404);
    });

    it('reads no blob that is being pushed', async () => {
      const blob = await on.alice.pushBlob('secret', randomBytes(10));
      expect((await on.bob.send('HEAD', `/v2/secret/blobs/${blob}`)).status).toBe(404);
    });

    it('mounts no blob of it', async () => {
      const answer = await on.bob.send(
        'POST',
        `/v2/mine/blobs/uploads/?mount=${digestOf(layer)}&from=secret`,
      );
      expect(answer.status).toBe(202);
    });

    it.each(['mine', 'secret'])(
      'pushes no manifest that names its blobs, into the repository %s',
      async (repository) => {
        await on.bob.pushBlob(repository, configurationOf(layers));
        const answer = await on.bob.pushManifest(repository, 'latest', manifestOf(layers));
        expect([answer.status, answer.error]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
      },
    );

    it('continues no upload of it', async () => {
      const begun = await on.alice.send('POST', '/v2/secret/blobs/uploads/');
      const answer = await on.bob.send('PATCH', begun.header('location') ?? '', { body: 'more' });
      expect([answer.status, answer.error]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    });

    it('sees no tag of it and deletes nothing', async () => {
      expect((await on.bob.send('GET', '/v2/secret/tags/list')).status).toBe(404);
      for (const reference of ['latest', digest])
        expect((await on.bob.send('DELETE', `/v2/secret/manifests/${reference}`)).status).toBe(404);
      expect((await on.alice.send('HEAD', '/v2/secret/manifests/latest')).status).toBe(200);
    });

    it('gives an image of its own the same name, and changes nothing for the first', async () => {
      const other = await on.bob.pushImage('secret', 'latest', [randomBytes(10)]);
      expect((await on.bob.send('HEAD', '/v2/secret/manifests/latest')).header('docker-content-digest')).toBe(
        other,
      );
      expect(
        (await on.alice.send('HEAD', '/v2/secret/manifests/latest')).header('docker-content-digest'),
      ).toBe(digest);
    });

    it('names a blob of another image in the properties of its own image, and reads only its own bytes', async () => {
      const own = await on.bob.pushImage('trick', 'latest', [randomBytes(10)]);
      const [image] = (await on.images()).filter(({ name }) => name === 'trick:latest');
      const contents = contentsOf(image);
      contents.blobs.push([digestOf(layer), 0, 512]);
      await on.imageService.update({ project_id: 'project-b' }, image?.id ?? '', {
        properties: { registry_contents: JSON.stringify(contents) },
      });
      await expect(on.bob.send('GET', `/v2/trick/blobs/${digestOf(layer)}`)).rejects.toThrow();
      expect((await on.bob.send('HEAD', `/v2/trick/manifests/${own}`)).status).toBe(200);
    });
  });

  describe('of a public image', () => {
    beforeAll(async () => {
      await on.alice.pushImage('open', 'latest', layers);
      const [image] = (await on.images()).filter(({ name }) => name === 'open:latest');
      await on.imageService.update({ is_admin: true }, image?.id ?? '', { visibility: 'public' });
    });

    it('is free to all who can log in', async () => {
      expect((await on.bob.send('GET', '/v2/open/manifests/latest')).status).toBe(200);
      expect((await on.bob.send('GET', `/v2/open/blobs/${digestOf(layer)}`)).body).toEqual(layer);
      const mounted = await on.bob.send('POST', `/v2/mine/blobs/uploads/?mount=${digestOf(layer)}&from=open`);
      expect(mounted.status).toBe(201);
    });

    it('does not extend to its tag: another project cannot move or delete it', async () => {
      await on.bob.pushImage('open', 'latest', [randomBytes(10)]);
      expect((await on.alice.send('HEAD', '/v2/open/manifests/latest')).header('docker-content-digest')).toBe(
        digest,
      );
      expect((await on.bob.send('DELETE', `/v2/open/manifests/${digest}`)).status).toBe(404);
    });
  });

  describe('of a community image of another project', () => {
    const popular = Buffer.from('popular');
    let forged: string;
    beforeAll(async () => {
      await on.bob.pushImage('popular', 'latest', [popular]);
      forged = await on.bob.pushImage('forged', 'latest', [Buffer.from('forged')]);
      for (const name of ['popular:latest', 'forged:latest']) {
        const [image] = (await on.images()).filter((each) => each.name === name);
        await on.imageService.update({ is_admin: true }, image?.id ?? '', { visibility: 'community' });
      }
    });

    it('is impossible: its owner could take any name', async () => {
      expect((await on.alice.send('HEAD', '/v2/popular/manifests/latest')).status).toBe(404);
    });

    it('does not replace what this project pushed, whatever its properties claim', async () => {
      const [image] = (await on.images()).filter(({ name }) => name === 'forged:latest');
      const { blobs, ...contents } = contentsOf(image);
      const claimed = {
        ...contents,
        manifest: [digest, 0, 512],
        blobs: [[digestOf(layer), 0, 512], ...blobs],
      };
      await on.imageService.update({ project_id: 'project-b' }, image?.id ?? '', {
        properties: {
          registry_repository: 'secret',
          registry_digest: digest,
          registry_subject: digest,
          registry_contents: JSON.stringify(claimed),
        },
      });
      const manifest = await on.alice.send('GET', `/v2/secret/manifests/${digest}`);
      expect([manifest.status, digestOf(manifest.body)]).toEqual([200, digest]);
      const read = await on.alice.send('GET', `/v2/secret/blobs/${digestOf(layer)}`);
      expect(read.body).toEqual(layer);
      expect((await on.alice.send('GET', `/v2/secret/referrers/${digest}`)).json()).toMatchObject({
        manifests: [],
      });
      expect((await on.alice.send('HEAD', `/v2/forged/manifests/${forged}`)).status).toBe(404);
    });
  });

  it('needs a project', async () => {
    const accounts = { authenticate: () => Promise.resolve({ user_id: 'root' }) };
    const open = await stage({ accounts });
    try {
      await expect(open.alice.token(alice)).rejects.toThrow('401');
    } finally {
      await open.close();
    }
  });

  it('names the public URL in its challenge, if a proxy stands before it', async () => {
    const behind = await stage({ publicUrl: 'https://registry.example.org' });
    try {
      expect((await behind.nobody.send('GET', '/v2/')).header('www-authenticate')).toBe(
        'Bearer realm="https://registry.example.org/token",service="registry.example.org"',
      );
    } finally {
      await behind.close();
    }
  });
});
