import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageRecord } from '../../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../../lib/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { engineHost, inventory, removeImages } from '../../support/engine.js';
import { canServeEngine, ExampleRegistry, login } from '../../support/example-registry.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { digestOf } from '../../support/registry-user.js';

const { address } = ExampleRegistry;
const host = `registry-${randomUUID()}`;
const context = { user_id: login.username, project_id: 'demo' };
const credentials = `${login.username}:${login.password}`;
const skopeo = ['--insecure-policy', 'copy', '--dest-tls-verify=false', '--src-tls-verify=false'];

if (canServeEngine)
  describe('the registry', () => {
    let registry: ExampleRegistry;
    let images: DirectoryImageService;
    let driver: DockerDriver;
    let before: unknown;
    beforeAll(async () => {
      before = await inventory();
      registry = await ExampleRegistry.start();
      images = new DirectoryImageService({ directory: registry.directory });
      driver = new DockerDriver({ imageService: images });
      await driver.init_host(host);
    });
    afterAll(async () => {
      await driver.cleanup_host(host);
      await removeImages((await images.detail({})).map(({ id }) => id));
      await registry.close();
      await expect(inventory()).resolves.toEqual(before);
    });

    /** An archive of `docker save` with this name. */
    const archive = async (name: string): Promise<string> => {
      const path = registry.path(`${randomUUID()}.tar`);
      const image = await busyboxImage({ command: ['sleep', '1000'], repoTags: [name] });
      await pipeline(image, createWriteStream(path));
      return path;
    };
    const named = async (name: string): Promise<ImageRecord> => {
      const [image, ...others] = await images.detail(context, { filters: { name } });
      expect(others).toEqual([]);
      if (image === undefined) throw new Error(`there is no image ${name}`);
      return image;
    };
    const boots = async ({ id }: ImageRecord): Promise<void> => {
      const instance = newInstance();
      await driver.spawn(context, instance, newImageMeta(id));
      try {
        expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
      } finally {
        await driver.destroy(context, instance, []);
      }
    };
    const docker = async (...args: string[]): Promise<string> =>
      await registry.run('docker', '--host', engineHost(), ...args);

    it('takes what docker push sends, as an image that boots, and docker pull gets it back', async () => {
      const name = `${address}/docker/app`;
      await docker('load', '--input', await archive(`${name}:latest`));
      try {
        await docker('login', '--username', login.username, '--password', login.password, address);
        const pushed = await docker('push', name);
        const [digest] = /sha256:[0-9a-f]{64}(?= size)/.exec(pushed) ?? [];
        const image = await named('docker/app:latest');
        expect(image).toMatchObject({
          ...{ status: 'active', container_format: 'docker', owner: 'demo' },
          properties: { registry_digest: digest },
        });
        await docker('rmi', name);
        expect(await docker('pull', name)).toContain(`Digest: ${digest ?? ''}`);
        await boots(image);
        await docker('tag', name, `${name}:second`);
        expect(await docker('push', `${name}:second`)).toContain(digest);
        await boots(await named('docker/app:second'));
      } finally {
        await docker('rmi', '--force', name, `${name}:second`);
      }
    });

    it('refuses docker push without a login', async () => {
      const name = `${address}/docker/anonymous`;
      await docker('load', '--input', await archive(`${name}:latest`));
      try {
        await docker('logout', address);
        await expect(docker('push', name)).rejects.toThrow(/denied|authoriz|authentication|log in/i);
      } finally {
        await docker('rmi', '--force', name);
      }
    });

    it('takes what skopeo copies, and gives it back byte for byte', async () => {
      const source = `docker-archive:${await archive('local/app:1')}`;
      const name = `docker://${address}/skopeo/app:1`;
      await registry.run('skopeo', ...skopeo, '--dest-creds', credentials, source, name);
      const image = await named('skopeo/app:1');
      await boots(image);
      const copy = registry.path('copy');
      await registry.run('skopeo', ...skopeo, '--src-creds', credentials, name, `dir:${copy}`);
      expect(digestOf(await readFile(`${copy}/manifest.json`))).toBe(image.properties['registry_digest']);
    });

    it('takes what podman pushes, and podman pulls it', async () => {
      const storage = ['--root', registry.path('storage'), '--runroot', registry.path('run')];
      const podman = async (...args: string[]): Promise<string> =>
        await registry.run('podman', ...storage, '--storage-driver', 'vfs', ...args);
      const name = `${address}/podman/app:latest`;
      const access = ['--tls-verify=false', '--creds', credentials];
      await podman('load', '--input', await archive(name));
      await podman('push', ...access, name);
      const image = await named('podman/app:latest');
      await boots(image);
      await podman('rmi', name);
      await podman('pull', ...access, name);
      const shown = await podman('image', 'inspect', '--format', '{{.Digest}}', name);
      expect(shown.trim()).toBe(image.properties['registry_digest']);
    });

    it('copies an image between two repositories without an upload of its layers', async () => {
      const source = `docker-archive:${await archive('local/app:2')}`;
      const first = `docker://${address}/skopeo/first:1`;
      const second = `docker://${address}/skopeo/second:1`;
      const access = ['--src-creds', credentials, '--dest-creds', credentials];
      await registry.run('skopeo', ...skopeo, '--dest-creds', credentials, source, first);
      await registry.run('skopeo', ...skopeo, ...access, first, second);
      const [one, other] = [await named('skopeo/first:1'), await named('skopeo/second:1')];
      expect(other.properties['registry_digest']).toBe(one.properties['registry_digest']);
      await boots(other);
    });
  });
