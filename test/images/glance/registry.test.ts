import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageRecord, RequestContext } from '../../../interfaces/index.js';
import {
  DockerDriver,
  GlanceImageService,
  ImageNotAuthorized,
  ImageRegistry,
  KeystoneAccounts,
  power_state,
} from '../../../lib/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { removeImages } from '../../support/engine.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { contentsOf, digestOf, RegistryUser } from '../../support/registry-user.js';
import { contextOf, keystone, passwordAuth, setting } from './environment.js';

const member = passwordAuth();
const other = passwordAuth('other');
/** How people log in: their project, their name, their password in Keystone. */
const loginOf = (auth: typeof member): { username: string; password: string } => ({
  username: `${auth.project_name ?? ''}/${auth.username ?? ''}`,
  password: auth.password,
});

describe('the registry in front of Glance, with the users of Keystone', () => {
  let folder: string;
  let imageService: GlanceImageService;
  let accounts: KeystoneAccounts;
  let registry: ImageRegistry;
  let address: string;
  let context: RequestContext;
  const repositories: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glance-registry-'));
    imageService = new GlanceImageService({ auth: { type: 'context_token' }, endpoints: keystone.endpoint });
    accounts = new KeystoneAccounts({ auth_url: keystone.auth_url });
    registry = new ImageRegistry({ imageService, accounts, port: 0, folder });
    address = await registry.start();
    context = await contextOf(member, keystone.demo_project_id);
  });
  afterAll(async () => {
    for (const { id, properties } of await imageService.detail(context))
      if (repositories.includes(properties['registry_repository'] ?? '')) {
        await imageService.delete(context, id);
        await removeImages([id]);
      }
    await registry.close();
    accounts.close();
    imageService.close();
    await rm(folder, { recursive: true, force: true });
  });

  const newRepository = (): string => {
    const name = `tests/${randomUUID()}`;
    repositories.push(name);
    return name;
  };
  const run = async (command: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(command, args, { env: { ...process.env, HOME: folder } })).stdout;
  const credentials = (auth: typeof member): string => {
    const { username, password } = loginOf(auth);
    return `${username}:${password}`;
  };
  const skopeo = async (...args: string[]): Promise<string> =>
    await run(
      'skopeo',
      '--insecure-policy',
      'copy',
      '--dest-tls-verify=false',
      '--src-tls-verify=false',
      ...args,
    );
  const archive = async (name: string): Promise<string> => {
    const path = join(folder, `${randomUUID()}.tar`);
    const image = await busyboxImage({ command: ['sleep', '1000'], repoTags: [name] });
    await pipeline(image, createWriteStream(path));
    return path;
  };
  const named = async (name: string): Promise<ImageRecord> => {
    const [image] = await imageService.detail(context, { filters: { name } });
    if (image === undefined) throw new Error(`Glance has no image ${name}`);
    return image;
  };
  const boots = async ({ id }: ImageRecord): Promise<void> => {
    const driver = new DockerDriver({ imageService });
    const host = `glance-registry-${randomUUID()}`;
    await driver.init_host(host);
    const instance = newInstance();
    try {
      await driver.spawn(context, instance, newImageMeta(id));
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    } finally {
      await driver.destroy(context, instance, []);
      await driver.cleanup_host(host);
    }
  };

  it('makes an image of Glance from what skopeo copies, which boots, and gives it back byte for byte', async () => {
    const repository = newRepository();
    const name = `docker://${address}/${repository}:latest`;
    await skopeo('--dest-creds', credentials(member), `docker-archive:${await archive('local/app:1')}`, name);
    const image = await named(`${repository}:latest`);
    expect(image).toMatchObject({
      ...{ status: 'active', container_format: 'docker', disk_format: 'raw' },
      owner: keystone.demo_project_id,
    });
    await boots(image);
    const copy = join(folder, 'copy');
    await skopeo('--src-creds', credentials(member), name, `dir:${copy}`);
    expect(digestOf(await readFile(join(copy, 'manifest.json')))).toBe(image.properties['registry_digest']);
  });

  it('makes an image of Glance from what podman pushes, which boots', async () => {
    const repository = newRepository();
    const name = `${address}/${repository}:latest`;
    const storage = [
      '--root',
      join(folder, 'storage'),
      '--runroot',
      join(folder, 'run'),
      '--storage-driver',
      'vfs',
    ];
    await run('podman', ...storage, 'load', '--input', await archive(name));
    await run('podman', ...storage, 'push', '--tls-verify=false', '--creds', credentials(member), name);
    await boots(await named(`${repository}:latest`));
  });

  it('moves a tag to a new image of Glance and keeps the old one by its digest', async () => {
    const repository = newRepository();
    const user = new RegistryUser(address, loginOf(member));
    const old = await user.pushImage(repository, 'latest', [Buffer.from('old')]);
    const renewed = await user.pushImage(repository, 'latest', [Buffer.from('new')]);
    expect((await named(`${repository}:latest`)).properties['registry_digest']).toBe(renewed);
    expect((await named(`${repository}@${old}`)).properties['registry_digest']).toBe(old);
    expect((await user.send('GET', `/v2/${repository}/manifests/${old}`)).status).toBe(200);
  });

  it("refuses another project's private image, also by digest and as a mount", async () => {
    const repository = newRepository();
    const layer = Buffer.from('secret');
    const digest = await new RegistryUser(address, loginOf(member)).pushImage(repository, 'latest', [layer]);
    const thief = new RegistryUser(address, loginOf(other));
    for (const reference of ['latest', digest])
      expect((await thief.send('GET', `/v2/${repository}/manifests/${reference}`)).status).toBe(404);
    const [image] = await imageService.detail(context, { filters: { name: `${repository}:latest` } });
    const { blobs } = contentsOf(image);
    for (const [blob] of blobs) {
      expect((await thief.send('GET', `/v2/${repository}/blobs/${blob}`)).status).toBe(404);
      const mounted = await thief.send(
        'POST',
        `/v2/tests/mine/blobs/uploads/?mount=${blob}&from=${repository}`,
      );
      expect(mounted.status).toBe(202);
    }
  });

  it('refuses a password that Keystone refuses', async () => {
    const user = new RegistryUser(address, undefined);
    for (const login of [
      { ...loginOf(member), password: 'wrong' },
      { username: `nothing/${member.username ?? ''}`, password: member.password },
    ])
      await expect(user.token(login)).rejects.toThrow('401');
    await expect(accounts.authenticate('admin/nobody', setting('ADMIN_PASSWORD'))).rejects.toBeInstanceOf(
      ImageNotAuthorized,
    );
  });
});
