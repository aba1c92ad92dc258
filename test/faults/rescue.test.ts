import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import { label } from '../../lib/common/labels.js';
import type { Fault, FaultProxy, InjectedFault } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { eventually } from '../engine/contract/harness.js';
import { busyboxImage } from '../support/busybox-image.js';
import { directEngine, engineHost, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { noOpLogger } from '../support/silent-logger.js';
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
  ['looking for the files', { method: 'GET', path: /\/archive/ }],
  ['reading the files', { method: 'GET', path: /\/archive/, nth: 2 }],
  ['reading the files again', { method: 'GET', path: /\/archive/, nth: 3 }],
  ['making an image of them', { method: 'POST', path: /\/images\/load/ }],
  ['naming the image', { method: 'POST', path: /\/tag/ }],
];

/** Adds a line to a file at each start, and tells what is in it. */
const diary = (folder: string, line: string): string =>
  `sh -c 'echo ${line} >> ${folder}/diary; echo begin; cat ${folder}/diary; echo end; exec sleep 1000'`;

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
  const host = `test-${randomBytes(4).toString('hex')}`;
  const network_info = new TestNetwork().port(5);
  const warnings: string[] = [];
  const logger = { ...noOpLogger, warn: (message: string) => void warnings.push(message) };
  let imageService: DirectoryImageService;
  let image: ImageRecord;
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let instance: Instance;

  const start = async (): Promise<void> => {
    proxy = await startFaultProxy({ engine: engineHost() });
    // With one launch at a time, a start that takes a turn within a turn never ends.
    driver = new DockerDriver({ engine: proxy.host, imageService, maxLaunches: 1, logger });
    await driver.init_host(host);
  };
  const stop = async (): Promise<void> => {
    await driver[Symbol.asyncDispose]();
    await proxy.close();
  };
  const rescue = (): Promise<void> => {
    const meta = newImageMeta(image.id, { os_command_line: diary('/rescued', 'rescue') });
    return driver.rescue(context, instance, network_info, meta, { rescue_password: 'secret' });
  };
  const boot = async (): Promise<void> => {
    instance = newInstance();
    const meta = newImageMeta(image.id, { os_command_line: diary('', 'own'), os_shutdown_timeout: '1' });
    await driver.spawn(context, instance, meta, { network_info });
    await told();
  };
  const destroy = async (): Promise<void> => {
    await driver.destroy(context, instance, network_info);
    expect(await leftOf(host)).toEqual([]);
  };
  const rebuild = (): Promise<void> => {
    const meta = newImageMeta(image.id, { os_command_line: diary('', 'rebuilt'), os_shutdown_timeout: '1' });
    return driver.rebuild(context, instance, meta, { network_info });
  };
  const unrescue = (): Promise<void> => driver.unrescue(context, instance);
  const told = async (): Promise<string> => {
    let last = '';
    await eventually('it has told everything', async () => {
      last = (await driver.get_console_output(context, instance)).split('begin\n').at(-1) ?? '';
      return last.includes('end');
    });
    return last.split('end')[0] ?? '';
  };
  const refuse = (target: Target, message = 'no space left on device'): InjectedFault =>
    proxy.inject({ ...target, kind: 'answer', status: 500, message });
  const loseAnswer = (target: Target): InjectedFault => proxy.inject({ ...target, kind: 'lose-answer' });

  beforeAll(async () => {
    imageService = new DirectoryImageService({ directory: await folder.path() });
    image = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
    await start();
  });
  afterAll(async () => {
    await stop();
    await removeImages([image.id]);
    await folder.remove();
  });

  /** What is refused leaves everything as it was: it is tried with one instance after the other step. */
  const refused = async (target: Target, verb: () => Promise<void>, before: RegExp): Promise<void> => {
    const fault = refuse(target);
    await expect(verb()).rejects.toMatchObject({ message: expect.stringContaining('no space left') });
    expect(fault.struck()).not.toEqual([]);
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    expect(await told()).toMatch(before);
  };
  const lost = async (target: Target, verb: () => Promise<void>): Promise<void> => {
    const fault = loseAnswer(target);
    await verb().catch(verb);
    expect(fault.struck()).not.toEqual([]);
  };
  const isChange = ([, { method }]: readonly [string, Target]): boolean => method !== 'GET';

  describe('when the engine refuses', () => {
    beforeAll(boot);
    afterAll(destroy);

    it.each(rescueSteps)('%s, leaves the instance running as it was', async (_step, target) => {
      await refused(target, rescue, /^(own\n)+$/);
    });

    it.each(changing)('%s for a rebuild, leaves the instance running as it was', async (_step, target) => {
      await refused(target, rebuild, /^(own\n)+$/);
    });

    it('nothing any more, is repeated', async () => {
      await rescue();
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
    });

    it.each(unrescueSteps)('%s on the way back, leaves the instance rescued', async (_step, target) => {
      await refused(target, unrescue, /^(own\n)+(rescue\n)+$/);
    });

    it('nothing on the way back any more, is repeated', async () => {
      await unrescue();
      expect(await told()).toMatch(/^(own\n)+(rescue\n)+own\n$/);
    });
  });

  describe('when the answer is lost', () => {
    beforeEach(boot);
    afterEach(destroy);

    it.each(rescueSteps.filter(isChange))('to %s, ends well, or can be repeated', async (_step, target) => {
      await lost(target, rescue);
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
    });

    it.each(changing)('to %s for a rebuild, ends well, or can be repeated', async (_step, target) => {
      await lost(target, rebuild);
      expect(await told()).toBe('rebuilt\n');
    });

    it.each(unrescueSteps.filter(isChange))(
      'to %s on the way back, ends well, or can be repeated',
      async (_step, target) => {
        await rescue();
        await told();
        await lost(target, unrescue);
        expect(await told()).toMatch(/^own\n(rescue\n)+(own\n)+$/);
      },
    );
  });

  describe('when the driver dies', () => {
    beforeEach(boot);
    afterEach(destroy);

    it.each(changing.filter(([step]) => step !== 'creating the new container'))(
      '%s, is ended by the next one',
      async (_step, target) => {
        proxy.inject({ ...target, kind: 'drop-request', times: Infinity });
        proxy.inject({ path: /./, kind: 'drop-request', nth: 40, times: Infinity });
        await rescue().catch(() => undefined);
        await stop();
        await start();
        await rescue();
        expect(await told()).toMatch(/^(own\n)+rescue\n$/);
        await unrescue();
        expect(await told()).toMatch(/^(own\n)+rescue\nown\n$/);
      },
    );
  });

  describe('on the way back', () => {
    beforeEach(async () => {
      await boot();
      await rescue();
      await told();
    });
    afterEach(destroy);

    it.each([
      ['making an image of the files', { method: 'POST', path: /\/images\/load/ }],
      ['reading them again', { method: 'GET', path: /\/archive/, nth: 3 }],
    ] as const)('does not take a failure of %s for a folder that is gone', async (_step, target) => {
      const fault = refuse(target, 'lstat /rescued/.: not a directory');
      await expect(unrescue()).rejects.toMatchObject({ message: expect.stringContaining('not a directory') });
      expect(fault.struck()).not.toEqual([]);
      await unrescue();
      expect(await told()).toMatch(/^own\n(rescue\n)+own\n$/);
    });

    it('succeeds, and says so, when a container that is not needed any more cannot be removed', async () => {
      const fault = refuse({ method: 'DELETE', path: /\/containers\// });
      await unrescue();
      expect(fault.struck()).not.toEqual([]);
      expect(warnings.at(-1)).toContain('could not remove what the instance was while it was rescued');
      expect(await told()).toBe('own\nrescue\nown\n');
    });
  });

  describe('of a rebuild', () => {
    beforeEach(boot);
    afterEach(destroy);

    it('succeeds, and says so, when the old container cannot be removed', async () => {
      const fault = refuse({ method: 'DELETE', path: /\/containers\// });
      await rebuild();
      expect(fault.struck()).not.toEqual([]);
      expect(warnings.at(-1)).toContain('could not remove what the instance was before');
      expect(await told()).toBe('rebuilt\n');
    });
  });
});
