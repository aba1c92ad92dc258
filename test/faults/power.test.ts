import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state, reboot_type } from '../../lib/index.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { engineHost, inventory, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../engine/contract/harness.js';

const { RUNNING, SHUTDOWN, PAUSED, SUSPENDED } = power_state;

type Verb = (signal?: AbortSignal) => Promise<void>;

const heedful = "trap 'echo asked; exit' TERM; echo ran; sleep 1000 & wait";

describe('a power verb', () => {
  const folder = temporaryFolder();
  let imageService: DirectoryImageService;
  let image: ImageRecord;
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let before: Awaited<ReturnType<typeof inventory>>;
  let instance: Instance;

  beforeAll(async () => {
    imageService = new DirectoryImageService({ directory: await folder.path() });
    image = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
    const host = new DockerDriver({ imageService });
    await host.init_host('test-image');
    await host.cache_image(context, image.id);
    await host.cleanup_host('test-image');
  });
  afterAll(async () => {
    await removeImages([image.id]);
    await folder.remove();
  });

  const begin = async (): Promise<void> => {
    before = await inventory();
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    instance = newInstance();
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
  };
  const finish = async (): Promise<void> => {
    await driver.destroy(context, instance, []);
    await driver[Symbol.asyncDispose]();
    await proxy.close();
    expect(await inventory()).toEqual(before);
  };

  const spawn = (script: string): Promise<void> => {
    const meta = newImageMeta(image.id, { os_command_line: `sh -c "${script}"`, os_shutdown_timeout: '5' });
    return driver.spawn(context, instance, meta);
  };
  const state = async (): Promise<number> => (await driver.get_info(instance)).state;
  const output = (): Promise<string> => driver.get_console_output(context, instance);
  /** Makes the instance run again after a verb that stopped or froze it. */
  const run = async (): Promise<void> => {
    const is = await state();
    if (is === SHUTDOWN) await driver.power_on(context, instance, []);
    if (is === PAUSED) await driver.unpause(instance);
    if (is === SUSPENDED) await driver.resume(context, instance, []);
  };

  /** Name, path of the request that fails, power state afterwards, call, and what stops or freezes the instance first. */
  const verbs: readonly [string, RegExp, number, Verb, Verb?][] = [
    ['power_off without a timeout', /\/stop/, SHUTDOWN, (signal) => driver.power_off(instance, { signal })],
    [
      'power_off with a retry interval, at the stop signal',
      /\/kill/,
      SHUTDOWN,
      (signal) => driver.power_off(instance, { timeout: 9, retry_interval: 3, signal }),
    ],
    [
      'power_off with a retry interval, at the wait',
      /\/wait/,
      SHUTDOWN,
      (signal) => driver.power_off(instance, { timeout: 9, retry_interval: 3, signal }),
    ],
    ['soft_delete', /\/stop/, SHUTDOWN, (signal) => driver.soft_delete(instance, { signal })],
    [
      'power_on',
      /\/start/,
      RUNNING,
      (signal) => driver.power_on(context, instance, [], { signal }),
      () => driver.power_off(instance),
    ],
    [
      'restore',
      /\/start/,
      RUNNING,
      (signal) => driver.restore(instance, { signal }),
      () => driver.soft_delete(instance),
    ],
    [
      'a soft reboot, at the stop',
      /\/stop/,
      RUNNING,
      (signal) => driver.reboot(context, instance, [], reboot_type.SOFT, { signal }),
    ],
    [
      'a hard reboot, at the start',
      /\/start/,
      RUNNING,
      (signal) => driver.reboot(context, instance, [], reboot_type.HARD, { signal }),
    ],
    ['pause', /\/pause/, PAUSED, (signal) => driver.pause(instance, { signal })],
    [
      'unpause',
      /\/unpause/,
      RUNNING,
      (signal) => driver.unpause(instance, { signal }),
      () => driver.pause(instance),
    ],
    [
      'suspend, when its state is stored',
      /\/volumes\/create/,
      SUSPENDED,
      (signal) => driver.suspend(context, instance, { signal }),
    ],
    [
      'suspend, at the pause',
      /\/pause/,
      SUSPENDED,
      (signal) => driver.suspend(context, instance, { signal }),
    ],
    [
      'resume',
      /\/unpause/,
      RUNNING,
      (signal) => driver.resume(context, instance, [], { signal }),
      () => driver.suspend(context, instance),
    ],
    [
      'resume_state_on_host_boot',
      /\/start/,
      RUNNING,
      (signal) => driver.resume_state_on_host_boot(context, instance, [], { signal }),
      () => driver.power_off(instance),
    ],
    [
      'poll_rebooting_instances',
      /\/start/,
      RUNNING,
      (signal) => driver.poll_rebooting_instances(60, [instance], { signal }),
      () => driver.power_off(instance),
    ],
  ];

  describe('with one instance', () => {
    beforeAll(async () => {
      await begin();
      await spawn(heedful);
    });
    afterAll(finish);
    beforeEach(run);

    describe.each(verbs)('%s', (_name, path, after, verb, prepare) => {
      const posted: Pick<Fault, 'method' | 'path'> = { method: 'POST', path };

      it.each([
        ['the answer is lost', 'lose-answer'],
        ['the engine did not receive the request', 'drop-request'],
      ] as const)('succeeds, or can be repeated, when %s', async (_what, kind) => {
        await prepare?.();
        const fault = proxy.inject({ ...posted, kind });
        await verb().catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
          return verb();
        });
        expect(fault.struck()).toHaveLength(1);
        expect(await state()).toBe(after);
      });

      it('rejects with the reason of its signal, and can be repeated', async () => {
        await prepare?.();
        const impatience = new AbortController();
        const reason = new Error('enough');
        const fault = proxy.inject({ ...posted, kind: 'stall-request' });
        const outcome = expect(verb(impatience.signal)).rejects.toBe(reason);
        await eventually('the fault strikes', () => fault.struck().length > 0);
        impatience.abort(reason);
        await outcome;
        await verb();
        expect(await state()).toBe(after);
      });
    });

    it('falls back to a hard reboot when a soft one cannot stop the instance', async () => {
      const { started_at } = await driver.get_info(instance);
      proxy.inject({ method: 'POST', path: /\/stop\?t=5/, kind: 'answer', status: 500, message: 'stuck' });
      await driver.reboot(context, instance, [], reboot_type.SOFT);
      const info = await driver.get_info(instance);
      expect(info.state).toBe(RUNNING);
      expect(info.started_at).not.toBe(started_at);
    });

    it('rejects a power_off at once when its signal cannot be sent, instead of waiting', async () => {
      proxy.inject({
        method: 'POST',
        path: /\/kill/,
        kind: 'answer',
        status: 500,
        message: 'no such device',
      });
      await expect(driver.power_off(instance, { timeout: 9, retry_interval: 3 })).rejects.toMatchObject({
        name: 'InstancePowerOffFailure',
        message: expect.stringContaining('no such device'),
      });
      expect(await state()).toBe(RUNNING);
    });
  });

  describe('with an instance of its own', () => {
    beforeEach(begin);
    afterEach(finish);

    it('does not run a short command twice when the answer to its start is lost', async () => {
      await spawn('echo ran');
      await driver.power_off(instance);
      const fault = proxy.inject({ method: 'POST', path: /\/start/, kind: 'lose-answer' });
      await driver.power_on(context, instance, []);
      expect(fault.struck()).toHaveLength(1);
      await eventually('the output is complete', async () => (await output()).includes('ran\nran'));
      await driver.power_off(instance, { timeout: 5 });
      expect(await output()).toBe('ran\nran\n');
    });

    it.each([
      [
        'stop signal',
        /\/kill/,
        { kind: 'stall-request' },
        () => driver.power_off(instance, { timeout: 4, retry_interval: 2 }),
        4,
      ],
      [
        'start',
        /\/start/,
        { kind: 'stall-answer', afterBytes: 0 },
        () => driver.reboot(context, instance, [], reboot_type.HARD),
        1,
      ],
    ] as const)(
      'verifies the outcome of a %s whose answer times out',
      async (_, path, fails, verb, after) => {
        await spawn(heedful);
        await driver[Symbol.asyncDispose]();
        driver = new DockerDriver({ engine: proxy.host, imageService, timeouts: { changeMs: 1000 } });
        await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
        const fault = proxy.inject({ method: 'POST', path, ...fails });
        await verb();
        expect(fault.struck()).toHaveLength(1);
        expect(await state()).toBe(after);
      },
    );

    it('restarts the instance when cleanup_host aborts a reboot between stop and start', async () => {
      await spawn(heedful);
      const fault = proxy.inject({ method: 'POST', path: /\/start/, kind: 'stall-request' });
      const killed = driver.reboot(context, instance, [], reboot_type.SOFT).catch((error: unknown) => error);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      await driver[Symbol.asyncDispose]();
      await killed;
      driver = new DockerDriver({ engine: proxy.host, imageService });
      await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
      expect(await state()).toBe(RUNNING);
      await driver.reboot(context, instance, [], reboot_type.SOFT);
      expect(await state()).toBe(RUNNING);
    });

    it.each([
      ['creates the container again', /\/containers\/create/],
      ['starts the new container', /\/start/],
    ])('reboots hard although the answer is lost when it %s', async (_name, path) => {
      instance = { ...instance, image_ref: image.id };
      await spawn(heedful);
      await driver.destroy(context, instance, []);
      proxy.inject({ method: 'POST', path, kind: 'lose-answer' });
      await driver.reboot(context, instance, [], reboot_type.HARD);
      expect(await state()).toBe(RUNNING);
    });

    it('triggers a crash dump, or rejects with HypervisorUnavailable, when the answer is lost', async () => {
      await spawn("trap 'exit 6' ABRT; sleep 1000 & wait");
      const fault = proxy.inject({ method: 'POST', path: /\/kill/, kind: 'lose-answer' });
      await driver.trigger_crash_dump(instance).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
      });
      expect(fault.struck()).toHaveLength(1);
      await eventually('the instance has ended', async () => (await state()) === SHUTDOWN);
      await expect(driver.trigger_crash_dump(instance)).rejects.toMatchObject({ name: 'InstanceNotRunning' });
    });

    it.each(['lose-answer', 'drop-request'] as const)(
      'sets a password despite a broken connection: %s',
      async (kind) => {
        await spawn('while :; do cat /etc/shadow; sleep 0.5; done');
        const fault = proxy.inject({ method: 'PUT', path: /\/archive/, kind });
        await driver.set_admin_password(instance, 'sesame');
        expect(fault.struck()).toHaveLength(1);
        await eventually('the output is complete', async () => (await output()).includes('root:$'));
      },
    );
  });
});
