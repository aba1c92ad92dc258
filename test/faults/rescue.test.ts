import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import { label } from '../../lib/labels.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { eventually } from '../engine/contract/harness.js';
import { busyboxImage } from '../support/busybox-image.js';
import { directEngine, engineHost, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Target = Pick<Fault, 'method' | 'path' | 'nth'>;

const changing: readonly [string, Target][] = [
  ['creating the new container', { method: 'POST', path: /\/containers\/create/ }],
  ['stopping', { method: 'POST', path: /\/stop/ }],
  ['putting a container aside', { method: 'POST', path: /\/rename/ }],
  ['giving the new container the name', { method: 'POST', path: /\/rename/, nth: 2 }],
  ['starting', { method: 'POST', path: /\/start/ }],
];
const rescueSteps: readonly [string, Target][] = [
  ...changing,
  ['writing the password', { method: 'PUT', path: /\/archive/ }],
  ['making the folder', { method: 'PUT', path: /\/archive/, nth: 2 }],
  ['reading the files', { method: 'GET', path: /\/export/ }],
  ['copying the files', { method: 'PUT', path: /\/archive/, nth: 3 }],
];
const unrescueSteps: readonly [string, Target][] = [
  ...changing,
  ['reading the files', { method: 'GET', path: /\/archive/ }],
  ['reading the files again', { method: 'GET', path: /\/archive/, nth: 2 }],
  ['making an image of them', { method: 'POST', path: /\/images\/load/ }],
  ['naming the image', { method: 'POST', path: /\/tag/ }],
  ['removing a container', { method: 'DELETE', path: /\/containers\// }],
  ['removing the other', { method: 'DELETE', path: /\/containers\//, nth: 2 }],
];

/** Adds a line to a file at each start, and tells what is in it. */
const diary = (folder: string, line: string): string =>
  `sh -c 'echo ${line} >> ${folder}/diary; echo begin; cat ${folder}/diary; echo end; trap "exit 0" TERM; while :; do sleep 0.1; done'`;

/** What the engine has of a host. */
async function leftOf(host: string): Promise<string[]> {
  const engine = directEngine();
  try {
    const filters = { label: [`${label.host}=${host}`] };
    const containers = await engine.containers.list({ all: true, filters });
    const networks = await engine.networks.list({ filters });
    const volumes = await engine.volumes.list({ filters });
    return [
      ...containers.flatMap(({ Names: names }) => names),
      ...[...networks, ...volumes].map(({ Name: name }) => name),
    ];
  } finally {
    engine.close();
  }
}

describe('a rescue in which something fails', () => {
  const folder = temporaryFolder();
  const network_info = new TestNetwork().port(5);
  let imageService: DirectoryImageService;
  let image: ImageRecord;
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let instance: Instance;

  const host = (): string => `test-${instance.uuid.slice(0, 8)}`;
  const rescue = (): Promise<void> =>
    driver.rescue(
      context,
      instance,
      network_info,
      newImageMeta(image.id, { os_command_line: diary('/rescued', 'rescue') }),
      {
        rescue_password: 'secret',
      },
    );
  const told = async (): Promise<string> => {
    let last = '';
    await eventually('it has told everything', async () => {
      last = (await driver.get_console_output(context, instance)).split('begin\n').at(-1) ?? '';
      return last.includes('end');
    });
    return last.split('end')[0] ?? '';
  };
  const restart = async (): Promise<void> => {
    await driver.cleanup_host('');
    await proxy.close();
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    await driver.init_host(host());
  };

  beforeEach(async () => {
    imageService = new DirectoryImageService({ directory: await folder.path() });
    image = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    instance = newInstance();
    await driver.init_host(host());
    const meta = newImageMeta(image.id, { os_command_line: diary('', 'own') });
    await driver.spawn(context, instance, meta, { network_info });
    await told();
  });
  afterEach(async () => {
    await driver.destroy(context, instance, network_info);
    await driver.cleanup_host('');
    await proxy.close();
    await removeImages([image.id]);
    expect(await leftOf(host())).toEqual([]);
  });
  afterAll(() => folder.remove());

  describe.each(rescueSteps)('%s', (_step, target) => {
    it('leaves the instance running as it was, and can be repeated', async () => {
      const fault = proxy.inject({
        ...target,
        kind: 'answer',
        status: 500,
        message: 'no space left on device',
      });
      await expect(rescue()).rejects.toMatchObject({ message: expect.stringContaining('no space left') });
      expect(fault.struck()).not.toEqual([]);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
      expect(await told()).toMatch(/^(own\n)+$/);
      await rescue();
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
    });

    it('ends well, or can be repeated, when the engine did it and the answer was lost', async () => {
      const fault = proxy.inject({ ...target, kind: 'lose-answer' });
      await rescue().catch(rescue);
      expect(fault.struck()).not.toEqual([]);
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
    });

    it('is ended by the next driver when this one dies', async () => {
      proxy.inject({ ...target, kind: 'drop-request', times: Infinity });
      proxy.inject({ path: /./, kind: 'drop-request', nth: 40, times: Infinity });
      await rescue().catch(() => undefined);
      await restart();
      await rescue();
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
      await driver.unrescue(context, instance);
      expect(await told()).toMatch(/^(own\n)+rescue\nown\n$/);
    });
  });

  describe.each(unrescueSteps)('on the way back: %s', (_step, target) => {
    beforeEach(async () => {
      await rescue();
      await told();
    });

    it.each(['answer', 'lose-answer', 'drop-request'] as const)('can be repeated after %s', async (kind) => {
      const fault = proxy.inject({
        ...target,
        ...(kind === 'answer' ? { kind, status: 500, message: 'no space left on device' } : { kind }),
      });
      const error = await driver.unrescue(context, instance).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(fault.struck()).not.toEqual([]);
      if (error !== undefined) await driver.unrescue(context, instance);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
      expect(await told()).toMatch(/^own\n(rescue\n)+(own\n)+$/);
    });
  });
});
