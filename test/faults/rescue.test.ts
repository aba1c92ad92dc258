import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import { label } from '../../lib/common/labels.js';
import type { Fault, FaultProxy, InjectedFault } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { eventually } from '../engine/contract/harness.js';
import { busyboxImage } from '../support/busybox-image.js';
import { directEngine, engineHost, inventory, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { noOpLogger } from '../support/silent-logger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type Target = Pick<Fault, 'method' | 'path' | 'nth'>;

const changing: readonly [string, Target][] = [
  ['creating the new container', { method: 'POST', path: /\/containers\/create/ }],
  ['stopping the container', { method: 'POST', path: /\/stop/ }],
  ['setting the container aside', { method: 'POST', path: /\/rename/ }],
  ['renaming the new container', { method: 'POST', path: /\/rename/, nth: 2 }],
  ['starting the new container', { method: 'POST', path: /\/start/ }],
];
const rescueSteps: readonly [string, Target][] = [
  ...changing,
  ['writing the password', { method: 'PUT', path: /\/archive/ }],
  ['creating /rescued', { method: 'PUT', path: /\/archive/, nth: 2 }],
  ['reading the files', { method: 'GET', path: /\/export/ }],
  ['copying the files', { method: 'PUT', path: /\/archive/, nth: 3 }],
];
const unrescueSteps: readonly [string, Target][] = [
  ...changing,
  ['looking for /rescued', { method: 'GET', path: /\/archive/ }],
  ['reading the files', { method: 'GET', path: /\/archive/, nth: 2 }],
  ['reading the files again', { method: 'GET', path: /\/archive/, nth: 3 }],
  ['loading an image of the files', { method: 'POST', path: /\/images\/load/ }],
  ['tagging the image', { method: 'POST', path: /\/tag/ }],
];

const isChange = ([, { method }]: readonly [string, Target]): boolean => method !== 'GET';
const lostSteps = { rescue: rescueSteps.filter(isChange), unrescue: unrescueSteps.filter(isChange) };
/** A rescue and an unrescue in turn, so that one instance serves all. */
const alternating = lostSteps.rescue.flatMap(([step, target], index) => [
  ['rescue', step, target] as const,
  ...lostSteps.unrescue.slice(index, index + 1).map((each) => ['unrescue', ...each] as const),
]);

/** A command that appends a line to a file at each start, prints the file, and runs until SIGTERM. */
const diary = (folder: string, line: string): string =>
  `sh -c 'trap "exit 0" TERM; echo ${line} >> ${folder}/diary; echo begin; cat ${folder}/diary; echo end; sleep 1000 & wait'`;

/** The containers, networks and volumes of a host on the engine. */
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

describe('rescue, unrescue and rebuild with faults of the engine', () => {
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
    // With one launch at a time, a launch that waits for another within itself would deadlock.
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
  /** The calls of `rebuild`: each writes another diary. */
  let rebuilds = 0;
  const rebuild = (): Promise<void> => {
    const os_command_line = diary('', `rebuilt ${(rebuilds += 1)}`);
    const meta = newImageMeta(image.id, { os_command_line, os_shutdown_timeout: '1' });
    return driver.rebuild(context, instance, meta, { network_info });
  };
  const unrescue = (): Promise<void> => driver.unrescue(context, instance);
  const isRescued = async (): Promise<boolean> =>
    (await leftOf(host)).some((name) => name.endsWith('.rescued'));
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

  /** Verifies that a refused request rolls the verb back, so that all steps can share one instance. */
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
  describe('when a request fails', () => {
    beforeAll(boot);
    afterAll(destroy);

    it.each(rescueSteps)('rescue leaves the instance running: %s', async (_step, target) => {
      await refused(target, rescue, /^(own\n)+$/);
    });

    it.each(changing)('rebuild leaves the instance running: %s', async (_step, target) => {
      await refused(target, rebuild, /^(own\n)+$/);
    });

    it('rescue can be repeated', async () => {
      await rescue();
      expect(await told()).toMatch(/^(own\n)+rescue\n$/);
    });

    it.each(unrescueSteps)('unrescue leaves the instance rescued: %s', async (_step, target) => {
      await refused(target, unrescue, /^(own\n)+(rescue\n)+$/);
    });

    it('unrescue can be repeated', async () => {
      await unrescue();
      expect(await told()).toMatch(/^(own\n)+(rescue\n)+own\n$/);
    });
  });

  describe('when the answer is lost', () => {
    beforeAll(boot);
    afterAll(destroy);

    it.each(alternating)('%s succeeds or can be repeated: %s', async (name, _step, target) => {
      if ((await isRescued()) !== (name === 'unrescue')) await (name === 'unrescue' ? rescue() : unrescue());
      await told();
      await lost(target, name === 'rescue' ? rescue : unrescue);
      expect(await told()).toMatch(
        name === 'rescue' ? /^(own\n(.*\n)*)?own\nrescue\n$/ : /^own\n(.*\n)*rescue\n(own\n)+$/,
      );
    });

    it.each(changing)('rebuild succeeds or can be repeated: %s', async (_step, target) => {
      await lost(target, rebuild);
      expect(await told()).toBe(`rebuilt ${rebuilds}\n`);
    });
  });

  describe('when the driver crashes', () => {
    beforeAll(boot);
    afterAll(destroy);

    /** Each step with the renames before it. */
    const crashes = changing
      .slice(1)
      .map(([step, target], index) => [step, target, Math.max(0, index - 1)] as const);
    /** Ends a driver in the middle of a rescue: from there on its changes fail at once, its rollback too. */
    const crash = async (target: Target, renames: number): Promise<void> => {
      const dead = { kind: 'answer', status: 500, times: Infinity } as const;
      const fault = proxy.inject({ ...target, ...dead });
      proxy.inject({ method: 'POST', path: /\/rename/, nth: renames + 1, ...dead });
      proxy.inject({ method: 'POST', path: /\/start/, ...dead });
      proxy.inject({ method: 'DELETE', ...dead });
      await expect(rescue()).rejects.toBeDefined();
      expect(fault.struck()).not.toEqual([]);
      await stop();
    };

    it.each(crashes)('a rescue can be repeated with the next driver: %s', async (_step, target, renames) => {
      if (await isRescued()) await unrescue();
      await crash(target, renames);
      await start();
      await rescue();
      expect(await told()).toMatch(/^(own\n(.*\n)*)?own\nrescue\n$/);
      await unrescue();
      expect(await told()).toMatch(/^(own\n(.*\n)*)?own\nrescue\nown\n$/);
    });
  });

  describe('a connection that breaks during a copy', () => {
    const images = async (): Promise<string[]> => (await inventory()).images;
    /** Runs a verb whose copy breaks off: the instance is as it was, and nothing else is left. */
    const broken = async (target: Target, verb: () => Promise<void>, before: RegExp): Promise<void> => {
      const had = [await images(), await leftOf(host)];
      const fault = proxy.inject({ ...target, kind: 'truncate-answer', afterBytes: 500_000 });
      await expect(verb()).rejects.toBeDefined();
      expect(fault.struck()).not.toEqual([]);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
      expect(await told()).toMatch(before);
      expect([await images(), await leftOf(host)]).toEqual(had);
    };
    beforeAll(boot);
    afterAll(destroy);

    it('for a rescue leaves the instance running as it was', async () => {
      await broken({ method: 'GET', path: /\/export/ }, rescue, /^(own\n)+$/);
    });

    it.each([
      ['the files are measured', { method: 'GET', path: /\/archive/, nth: 2 }],
      ['the files are sent', { method: 'GET', path: /\/archive/, nth: 3 }],
    ])('for an unrescue leaves the instance rescued, when %s', async (_step, target) => {
      if (!(await isRescued())) await rescue();
      await told();
      await broken(target, unrescue, /^(own\n)+(rescue\n)+$/);
    });
  });

  describe('unrescue', () => {
    beforeAll(boot);
    afterAll(destroy);
    beforeEach(async () => {
      if (!(await isRescued())) await rescue();
      await told();
    });

    it.each([
      ['loading an image of the files', { method: 'POST', path: /\/images\/load/ }],
      ['reading the files again', { method: 'GET', path: /\/archive/, nth: 3 }],
    ] as const)('does not mistake a failure for a removed /rescued: %s', async (_step, target) => {
      const fault = refuse(target, 'lstat /rescued/.: not a directory');
      await expect(unrescue()).rejects.toMatchObject({ message: expect.stringContaining('not a directory') });
      expect(fault.struck()).not.toEqual([]);
      await unrescue();
      expect(await told()).toMatch(/^own\n(.*\n)*rescue\nown\n$/);
    });

    it('succeeds, and logs a warning, when the rescue container cannot be removed', async () => {
      const fault = refuse({ method: 'DELETE', path: /\/containers\// });
      await unrescue();
      expect(fault.struck()).not.toEqual([]);
      expect(warnings.at(-1)).toContain('could not remove the rescue container');
      expect(await told()).toMatch(/^own\n(.*\n)*rescue\nown\n$/);
    });
  });

  describe('rebuild', () => {
    beforeAll(boot);
    afterAll(destroy);

    it('succeeds, and logs a warning, when the old container cannot be removed', async () => {
      const fault = refuse({ method: 'DELETE', path: /\/containers\// });
      await rebuild();
      expect(fault.struck()).not.toEqual([]);
      expect(warnings.at(-1)).toContain('could not remove the replaced container');
      expect(await told()).toBe(`rebuilt ${rebuilds}\n`);
    });
  });
});
