import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ImageRegistry, StaticAccounts } from '../../../lib/index.js';
import { BlobFolder, repositoryKey } from '../../../lib/registry/blobs/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { stage, type Stage } from './stage.js';

describe('the limits of the registry', () => {
  let on: Stage;
  afterEach(() => on.close());
  const files = (): string[] =>
    readdirSync(on.blobFolder).flatMap((each) => readdirSync(join(on.blobFolder, each)));
  const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isTrue())) await sleep(20);
  };

  it('bound a blob', async () => {
    on = await stage({ imageLimits: { maxBytes: 1000 } });
    const begun = await on.alice.send('POST', '/v2/app/blobs/uploads/');
    const answer = await on.alice.send('PATCH', begun.header('location') ?? '', { body: randomBytes(1001) });
    expect([answer.status, answer.error]).toEqual([413, 'SIZE_INVALID']);
    expect(files()).toEqual([]);
  });

  it('bound the bytes of unfinished pushes, and free them when an image holds them', async () => {
    on = await stage({ maxFolderBytes: 20_000 });
    const layers = [randomBytes(6000)];
    await on.alice.pushBlob('app', randomBytes(3000));
    await expect(on.alice.pushImage('app', 'latest', [randomBytes(8000)])).rejects.toThrow('429');
    // Half of the folder is left to others.
    await on.bob.pushImage('app', 'latest', [randomBytes(8000)]);
    await on.alice.pushImage('app', 'latest', layers);
    await on.alice.pushImage('app', 'other', [randomBytes(6000)]);
  });

  it('bound the uploads at the same time', async () => {
    on = await stage({ maxUploads: 2 });
    const begin = (): ReturnType<typeof on.alice.send> => on.alice.send('POST', '/v2/app/blobs/uploads/');
    const [first] = [await begin(), await begin()];
    const answer = await begin();
    expect([answer.status, answer.error]).toEqual([429, 'TOOMANYREQUESTS']);
    await on.alice.send('DELETE', first.header('location') ?? '');
    expect((await begin()).status).toBe(202);
  });

  it('count no upload that was refused or broke off', async () => {
    on = await stage({ maxUploads: 2 });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const wrong = await on.alice.send('POST', '/v2/app/blobs/uploads/?digest=md5:1', { body: 'a' });
      expect(wrong.status).toBe(400);
      const other = await on.alice.send('POST', `/v2/app/blobs/uploads/?digest=sha256:${'0'.repeat(64)}`, {
        body: 'a',
      });
      expect(other.status).toBe(400);
    }
    expect((await on.alice.send('POST', '/v2/app/blobs/uploads/')).status).toBe(202);
    const many = await Promise.all(
      Array.from({ length: 20 }, () => on.alice.send('POST', '/v2/app/blobs/uploads/')),
    );
    expect(many.filter(({ status }) => status === 202)).toHaveLength(1);
    expect((await on.bob.send('POST', '/v2/app/blobs/uploads/')).status).toBe(202);
  });

  it('keep the first blobs of a push while the others arrive', async () => {
    on = await stage();
    const path = join(on.blobFolder, 'alone');
    const folder = await BlobFolder.create(path, 1000, noOpLogger);
    const repository = repositoryKey('project-a', 'app');
    await folder.add(repository, { digest: 'first', size: 0, path: folder.newPath() });
    await sleep(1100);
    folder.reserve(repository, 1);
    await folder.removeUnused(1000);
    expect(folder.find(repository, 'first')).toBeDefined();
    await sleep(1100);
    await folder.removeUnused(1000);
    expect(folder.find(repository, 'first')).toBeUndefined();
  });

  it('keep a blob that arrives while older ones of its repository are removed', async () => {
    on = await stage();
    const folder = await BlobFolder.create(join(on.blobFolder, 'alone'), 1000, noOpLogger);
    const repository = repositoryKey('project-a', 'app');
    await folder.add(repository, { digest: 'old', size: 0, path: folder.newPath() });
    const removing = folder.removeAll(repository);
    await folder.add(repository, { digest: 'new', size: 0, path: folder.newPath() });
    await removing;
    expect(folder.find(repository, 'old')).toBeUndefined();
    expect(folder.find(repository, 'new')).toBeDefined();
  });

  it('bound the silence of a client', async () => {
    on = await stage({ idleTimeoutMs: 200 });
    const token = on.registry.issueToken({ project_id: 'project-a' }, 60_000);
    const begun = await on.alice.send('POST', '/v2/app/blobs/uploads/');
    const [host, port] = on.address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => undefined);
    socket.write(
      `PATCH ${begun.header('location') ?? ''} HTTP/1.1\r\nHost: ${on.address}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000\r\n\r\nhalf`,
    );
    await new Promise((resolve) => socket.once('close', resolve).resume());
    await until(async () => (await on.alice.send('DELETE', begun.header('location') ?? '')).status === 204);
  });

  it('bound how long unfinished pushes are kept', async () => {
    on = await stage({ removeUnusedBlobsAfterMs: 100 });
    const digest = await on.alice.pushBlob('app', randomBytes(1000));
    const begun = await on.alice.send('POST', '/v2/app/blobs/uploads/');
    await until(() => files().length === 0);
    expect((await on.alice.send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404);
    expect((await on.alice.send('PATCH', begun.header('location') ?? '', { body: 'late' })).status).toBe(404);
  });

  it('bound the length of an image name to what Glance stores', async () => {
    on = await stage();
    const answer = await on.alice.pushManifest('a'.repeat(200), 'latest', {});
    expect([answer.status, answer.error]).toEqual([400, 'NAME_INVALID']);
  });

  it.each([
    '/v2/UPPER/manifests/latest',
    '/v2/../manifests/latest',
    '/v2/a//b/tags/list',
    '/v2/%ff/tags/list',
    '/elsewhere',
  ])('refuse the path %s', async (path) => {
    on = await stage();
    const answer = await on.alice.send('GET', path);
    expect([answer.status, answer.error]).toEqual([400, 'NAME_INVALID']);
  });

  it('refuse a method that a path does not have', async () => {
    on = await stage();
    const answer = await on.alice.send('POST', '/v2/app/manifests/latest');
    expect([answer.status, answer.error]).toEqual([405, 'UNSUPPORTED']);
  });

  it('remove what a killed registry left, and nothing else', async () => {
    on = await stage();
    const [own = ''] = readdirSync(on.blobFolder);
    const left = join(on.blobFolder, 'nova-docker-driver-registry-left');
    const foreign = join(on.blobFolder, 'somebody-else');
    const longAgo = new Date(Date.now() - 2 * 60 * 60_000);
    for (const folder of [left, foreign]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'blob'), 'left');
      utimesSync(folder, longAgo, longAgo);
    }
    const accounts = new StaticAccounts([]);
    const { imageService } = on;
    const other = new ImageRegistry({ imageService, accounts, folder: on.blobFolder, port: 0 });
    await other.start();
    try {
      expect([existsSync(left), existsSync(foreign), existsSync(join(on.blobFolder, own))]).toEqual([
        false,
        true,
        true,
      ]);
    } finally {
      await other.close();
    }
    expect(readdirSync(on.blobFolder).sort()).toEqual([own, 'somebody-else'].sort());
  });

  it('end with the registry: a push that is cut off leaves no image', async () => {
    let arrived = (): void => undefined;
    const uploading = new Promise<void>((resolve) => (arrived = resolve));
    on = await stage();
    const { imageService } = on;
    const slow = await stage({
      imageService: {
        show: (...call) => imageService.show(...call),
        detail: (...call) => imageService.detail(...call),
        download: (...call) => imageService.download(...call),
        create: (context, metadata, data, options) => {
          async function* halting(): AsyncGenerator<Uint8Array, void, void> {
            for await (const chunk of data ?? []) {
              yield chunk;
              arrived();
              await sleep(60_000, undefined, {
                ref: false,
                ...(options?.signal && { signal: options.signal }),
              });
            }
          }
          return imageService.create(context, metadata, halting(), options);
        },
        update: (...call) => imageService.update(...call),
        delete: (...call) => imageService.delete(...call),
      },
    });
    const pushing = slow.alice
      .pushImage('app', 'latest', [randomBytes(1000)])
      .catch((error: unknown) => error);
    await uploading;
    await slow.close();
    expect(await pushing).toBeInstanceOf(Error);
    expect(await on.images()).toEqual([]);
  });
});

describe('the options of the registry', () => {
  it.each([
    ['an address off loopback without TLS', { address: '0.0.0.0' }, 'tls is required'],
    ['a name instead of an address', { address: 'localhost' }, 'must be an IP address'],
    ['an unknown option', { adress: '::1' }, 'adress'],
  ])('refuse %s', async (_what, options, words) => {
    const on = await stage();
    await on.close();
    const build = (): ImageRegistry =>
      new ImageRegistry({
        ...{ imageService: on.imageService, accounts: new StaticAccounts([]) },
        ...options,
      });
    expect(build).toThrow(words);
  });
});
