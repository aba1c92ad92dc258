import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from 'unixcrypt';
import type { ImageMeta, Instance, SpawnOptions } from '../../../interfaces/index.js';
import { packEntries, type ArchiveEntry, type LayerFile } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { removeImages } from '../../support/engine.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

const key_data = 'ssh-ed25519 AAAA me';
const both = 'ssh-rsa BBBB image\nssh-ed25519 AAAA me\n';
const keys = { content: 'ssh-rsa BBBB image\n', mode: 0o600 };
const shadow = { content: 'root:*:20000:0:99999:7:::\n', mode: 0o640 };
const authorized = 'root/.ssh/authorized_keys';

describe('files of an image behind symbolic links', () => {
  let harness: Harness;
  const images: string[] = [];
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(async () => {
    await harness.close();
    await removeImages(images);
  });

  const imageOf = async (layer: readonly LayerFile[] | Buffer, script: string): Promise<ImageMeta> => {
    const { imageService, context } = harness;
    const record = await imageService.create(
      context,
      { name: 'links', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sh', '-c', `${script}\necho done; exec sleep 1000`], layers: [layer] }),
    );
    images.push(record.id);
    return newImageMeta(record.id);
  };
  /** The output of an instance of an image, up to `done`. */
  const told = async (
    layer: readonly LayerFile[],
    script: string,
    changes: Partial<Instance> = {},
    how: SpawnOptions = {},
    use: (instance: Instance) => Promise<void> = () => Promise.resolve(),
  ): Promise<string> => {
    const { driver, context } = harness;
    const instance = newInstance(changes);
    await driver.spawn(context, instance, await imageOf(layer, script), how);
    try {
      let output = '';
      const says = async (): Promise<boolean> => {
        output = await driver.get_console_output(context, instance);
        return output.includes('done');
      };
      await eventually('it has told everything', says);
      await use(instance);
      return output.split('done')[0] ?? '';
    } finally {
      await driver.destroy(context, instance, []);
    }
  };

  it.each<[string, LayerFile[], string]>([
    [
      'beside it',
      [
        { path: 'root/.ssh/mine', ...keys },
        { path: authorized, target: 'mine' },
      ],
      '/root/.ssh/mine',
    ],
    [
      'at an absolute path',
      [
        { path: 'data/keys', ...keys },
        { path: authorized, target: '/data/keys' },
      ],
      '/data/keys',
    ],
    [
      'above the root',
      [
        { path: 'data/keys', ...keys },
        { path: authorized, target: '../../../../../data/keys' },
      ],
      '/data/keys',
    ],
    [
      'through several links',
      [
        { path: 'data/keys', ...keys },
        { path: 'data/again', target: '../here/keys' },
        { path: 'here', target: 'data' },
        { path: authorized, target: '/data/again' },
      ],
      '/data/keys',
    ],
    [
      'in a folder behind a link',
      [
        { path: 'data/ssh/authorized_keys', ...keys },
        { path: 'root/.ssh', target: '/data/ssh' },
      ],
      '/data/ssh/authorized_keys',
    ],
  ])('keep the link and get the key appended: a link %s', async (_where, layer, at) => {
    const script = `cat /${authorized}; echo; cat ${at}; test -L /root/.ssh || test -L /${authorized} && echo link`;
    expect(await told(layer, script, { key_data })).toBe(`${both}\n${both}link\n`);
  });

  it.each<[string, LayerFile[], string]>([
    [
      'file',
      [
        { path: 'data/other', ...keys },
        { path: authorized, target: '/data/keys' },
      ],
      '/data/keys',
    ],
    [
      'folder',
      [
        { path: 'data/other', ...keys },
        { path: 'root/.ssh', target: '/data/ssh' },
      ],
      '/data/ssh/authorized_keys',
    ],
  ])('are created at the target of a link to a missing %s', async (_what, layer, at) => {
    const script = `cat ${at}; cat /${authorized}`;
    expect(await told(layer, script, { key_data })).toBe(`${key_data}\n${key_data}\n`);
  });

  it('do not change the mode of the folder that the link refers to', async () => {
    const layer = [
      { path: 'data/ssh/authorized_keys', ...keys },
      { path: 'root/.ssh', target: '/data/ssh' },
    ];
    const script = 'stat -c %a /data/ssh; stat -c %a /data/ssh/authorized_keys';
    expect(await told(layer, script, { key_data })).toBe('755\n600\n');
  });

  it.each<[string, ArchiveEntry[]]>([
    ['a directory', [{ name: authorized, type: 'directory' }]],
    ['a FIFO', [{ name: authorized, type: 'fifo' }]],
    ['a link to itself', [{ name: authorized, type: 'symlink', linkname: 'authorized_keys' }]],
    [
      'a link to a FIFO',
      [
        { name: 'pipe', type: 'fifo' },
        { name: authorized, type: 'symlink', linkname: '/pipe' },
      ],
    ],
    ['a link to /dev/null', [{ name: authorized, type: 'symlink', linkname: '/dev/null' }]],
    ['below a file', [{ name: 'root/.ssh', content: 'x' }]],
  ])('are refused with ImageUnacceptable when authorized_keys is %s', async (_what, entries) => {
    const { driver, context } = harness;
    const instance = newInstance({ key_data });
    const image = await imageOf(await packEntries(entries), 'true');
    await expect(driver.spawn(context, instance, image)).rejects.toMatchObject({ name: 'ImageUnacceptable' });
    await expect(driver.instance_exists(instance)).resolves.toBe(false);
  });

  it('get the admin_password when /etc/shadow is a link', async () => {
    const layer = [
      { path: 'data/shadow', ...shadow },
      { path: 'etc/shadow', target: '../data/shadow' },
    ];
    const script = 'stat -c "%a %u %g" /data/shadow; cat /data/shadow';
    const output = await told(layer, script, {}, { admin_password: 'sesame' });
    const [owners, account = ''] = output.split('\n');
    expect(owners).toBe('640 0 0');
    expect(verify('sesame', account.split(':')[1] ?? '')).toBe(true);
  });

  it('get a new password in a running instance', async () => {
    const layer = [
      { path: 'data/shadow', ...shadow },
      { path: 'data/other', content: '' },
    ];
    const script = `rm /etc/shadow; busybox ln -s /data/shadow /etc/shadow; echo ready; while grep -q 'root:\\*' /data/shadow; do sleep 0.1; done; cat /data/shadow`;
    const { driver, context } = harness;
    const instance = newInstance();
    await driver.spawn(context, instance, await imageOf(layer, script));
    const output = (): Promise<string> => driver.get_console_output(context, instance);
    await eventually('it has its link', async () => (await output()).includes('ready'));
    await driver.set_admin_password(instance, 'sesame');
    await eventually('it has told the password', async () => (await output()).includes('done'));
    const account = (await output()).split('\n').find((line) => line.startsWith('root:')) ?? '';
    expect(verify('sesame', account.split(':')[1] ?? '')).toBe(true);
    await driver.destroy(context, instance, []);
  });

  it.each([
    ['a FIFO', 'mkfifo /etc/shadow'],
    ['a device', 'mknod /etc/shadow c 1 3'],
    ['a directory', 'mkdir /etc/shadow'],
    ['a link to itself', 'ln -s shadow /etc/shadow'],
  ])('are refused by set_admin_password when the instance made /etc/shadow %s', async (_what, command) => {
    const script = `rm /etc/shadow; busybox ${command}`;
    await told([{ path: 'data/other', content: '' }], script, {}, {}, async (instance) => {
      await expect(harness.driver.set_admin_password(instance, 'sesame')).rejects.toMatchObject({
        name: 'SetAdminPasswdNotSupported',
      });
    });
  });
});
