import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageMeta, Instance, SpawnOptions } from '../../../interfaces/index.js';
import type { LayerFile } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';

/** For these exceptions Nova tries no other host, and shows the tenant what is wrong. */
describe('DockerDriver.spawn of an instance with a mistake of its tenant', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(() => harness.close());

  const imageWith = async (files: readonly LayerFile[]): Promise<ImageMeta> => {
    const { imageService, context } = harness;
    const { id } = await imageService.create(
      context,
      { name: 'unsound', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'], layers: [files] }),
    );
    return newImageMeta(id);
  };
  const refusalOf = async (
    image: ImageMeta,
    changes: Partial<Instance>,
    options: SpawnOptions,
  ): Promise<unknown> => {
    const { driver, context } = harness;
    const instance = newInstance(changes);
    const failure: unknown = await driver
      .spawn(context, instance, image, options)
      .catch((error: unknown) => error);
    await expect(driver.instance_on_disk(instance)).resolves.toBe(false);
    return failure;
  };

  it.each(['/bin', '/etc', '/etc/passwd/inside', '/bin/sh/inside', '//etc/./shadow/inside'])(
    'refuses an injected file at %s',
    async (path) => {
      const refusal = await refusalOf(harness.image, {}, { injected_files: [[path, 'x']] });
      expect(refusal).toMatchObject({ name: 'InvalidInput', message: expect.stringContaining('injected') });
    },
  );

  it.each(['/etc/passwd', '/etc/passwd/inside', '/bin/sh'])(
    'refuses an ephemeral disk at %s',
    async (device_name) => {
      const block_device_info = { ephemerals: [{ size: 1, device_name }] };
      const refusal = await refusalOf(harness.image, {}, { block_device_info });
      expect(refusal).toMatchObject({ name: 'InvalidInput', message: expect.stringContaining(device_name) });
    },
  );

  const key = { key_data: 'ssh-ed25519 AAAA me' };
  const password = { admin_password: 'sesame' };
  const drive = { config_drive: 'True' };
  it.each<[string, readonly LayerFile[], Partial<Instance>, SpawnOptions, string]>([
    [
      'a /etc/shadow of 3 MiB',
      [{ path: 'etc/shadow', content: Buffer.alloc(3 << 20) }],
      {},
      password,
      '/etc/shadow',
    ],
    ['a circular link at /root/.ssh', [{ path: 'root/.ssh', target: '.ssh' }], key, {}, '/root/.ssh'],
    ['a file at /root', [{ path: 'root', content: '' }], key, {}, 'root'],
    [
      'a link from /var to /proc/self, out of its own files',
      [{ path: 'var', target: '/proc/self' }],
      drive,
      {},
      'var',
    ],
    [
      'a file at /var/lib, where the config drive belongs',
      [{ path: 'var/lib', content: '' }],
      drive,
      {},
      'var/lib',
    ],
  ])('refuses an image with %s', async (_what, files, changes, options, place) => {
    const refusal = await refusalOf(await imageWith(files), changes, options);
    expect(refusal).toMatchObject({ name: 'ImageUnacceptable', message: expect.stringContaining(place) });
  });
});
