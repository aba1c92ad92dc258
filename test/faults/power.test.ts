import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state, reboot_type } from '../../lib/index.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { engineHost, inventory, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const heedful = "echo ran; trap 'echo asked; exit' TERM; while :; do sleep 0.1; done";

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
  });
  afterAll(() => folder.remove());

  beforeEach(async () => {
    before = await inventory();
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    instance = newInstance();
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
  });
  afterEach(async () => {
    await driver.destroy(context, instance, []);
    await driver[Symbol.asyncDispose]();
    await proxy.close();
    await removeImages([image.id]);
    expect(await inventory()).toEqual(before);
  });

  const spawn = (script: string): Promise<void> => {
    const meta = newImageMeta(image.id, { os_command_line: `sh -c "${script}"`, os_shutdown_timeout: '5' });
    return driver.spawn(context, instance, meta);
  };
  const state = async (): Promise<number> => (await driver.get_info(instance)).state;
  const output = (): Promise<string> => driver.get_console_output(context, instance);

  /** How an instance comes to where a verb begins, the verb, its change in the engine, and where the instance is then. */
  const verbs: readonly {
    readonly name: string;
    readonly prepare: () => Promise<void>;
    readonly verb: (signal?: AbortSignal) => Promise<void>;
    readonly path: RegExp;
    readonly after: number;
  }[] = [
    {
      name: 'power_off at once',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.power_off(instance, { signal }),
      path: /\/stop/,
      after: power_state.SHUTDOWN,
    },
    {
      name: 'power_off that asks again, when it asks',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.power_off(instance, { timeout: 9, retry_interval: 3, signal }),
      path: /\/kill/,
      after: power_state.SHUTDOWN,
    },
    {
      name: 'power_off that asks again, when it waits',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.power_off(instance, { timeout: 9, retry_interval: 3, signal }),
      path: /\/wait/,
      after: power_state.SHUTDOWN,
    },
    {
      name: 'soft_delete',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.soft_delete(instance, { signal }),
      path: /\/stop/,
      after: power_state.SHUTDOWN,
    },
    {
      name: 'power_on',
      prepare: () => driver.power_off(instance),
      verb: (signal) => driver.power_on(context, instance, [], { signal }),
      path: /\/start/,
      after: power_state.RUNNING,
    },
    {
      name: 'restore',
      prepare: () => driver.soft_delete(instance),
      verb: (signal) => driver.restore(instance, { signal }),
      path: /\/start/,
      after: power_state.RUNNING,
    },
    {
      name: 'a soft reboot, when it stops',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.reboot(context, instance, [], reboot_type.SOFT, { signal }),
      path: /\/stop/,
      after: power_state.RUNNING,
    },
    {
      name: 'a hard reboot, when it starts',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.reboot(context, instance, [], reboot_type.HARD, { signal }),
      path: /\/start/,
      after: power_state.RUNNING,
    },
    {
      name: 'pause',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.pause(instance, { signal }),
      path: /\/pause/,
      after: power_state.PAUSED,
    },
    {
      name: 'unpause',
      prepare: () => driver.pause(instance),
      verb: (signal) => driver.unpause(instance, { signal }),
      path: /\/unpause/,
      after: power_state.RUNNING,
    },
    {
      name: 'suspend, when it makes its note',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.suspend(context, instance, { signal }),
      path: /\/volumes\/create/,
      after: power_state.SUSPENDED,
    },
    {
      name: 'suspend, when it freezes',
      prepare: () => Promise.resolve(),
      verb: (signal) => driver.suspend(context, instance, { signal }),
      path: /\/pause/,
      after: power_state.SUSPENDED,
    },
    {
      name: 'resume',
      prepare: () => driver.suspend(context, instance),
      verb: (signal) => driver.resume(context, instance, [], { signal }),
      path: /\/unpause/,
      after: power_state.RUNNING,
    },
    {
      name: 'resume_state_on_host_boot',
      prepare: () => driver.power_off(instance),
      verb: (signal) => driver.resume_state_on_host_boot(context, instance, [], { signal }),
      path: /\/start/,
      after: power_state.RUNNING,
    },
    {
      name: 'poll_rebooting_instances',
      prepare: () => driver.power_off(instance),
      verb: (signal) => driver.poll_rebooting_instances(60, [instance], { signal }),
      path: /\/start/,
      after: power_state.RUNNING,
    },
  ];

  describe.each(verbs)('$name', ({ prepare, verb, path, after }) => {
    const posted: Pick<Fault, 'method' | 'path'> = { method: 'POST', path };

    it('succeeds, or can be repeated, when the engine did it and the answer was lost', async () => {
      await spawn(heedful);
      await prepare();
      const fault = proxy.inject({ ...posted, kind: 'lose-answer' });
      await verb().catch(() => verb());
      expect(fault.struck()).toHaveLength(1);
      expect(await state()).toBe(after);
    });

    it('can be repeated when the engine never heard', async () => {
      await spawn(heedful);
      await prepare();
      const fault = proxy.inject({ ...posted, kind: 'drop-request' });
      await verb().catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
        return verb();
      });
      expect(fault.struck()).toHaveLength(1);
      expect(await state()).toBe(after);
    });

    it('ends with the reason of its signal, and can be repeated', async () => {
      await spawn(heedful);
      await prepare();
      const impatience = new AbortController();
      const reason = new Error('enough');
      const fault = proxy.inject({ ...posted, kind: 'stall-request' });
      const outcome = expect(verb(impatience.signal)).rejects.toBe(reason);
      while (fault.struck().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      impatience.abort(reason);
      await outcome;
      await verb();
      expect(await state()).toBe(after);
    });
  });

  it('that starts does not run a short command twice when the answer was lost', async () => {
    await spawn('echo ran');
    await driver.power_off(instance);
    const fault = proxy.inject({ method: 'POST', path: /\/start/, kind: 'lose-answer' });
    await driver.power_on(context, instance, []);
    expect(fault.struck()).toHaveLength(1);
    while (!(await output()).includes('ran\nran')) await new Promise((resolve) => setTimeout(resolve, 20));
    await driver.power_off(instance, { timeout: 5 });
    expect(await output()).toBe('ran\nran\n');
  });

  it('that reboots softly reboots hard when the instance could not be stopped', async () => {
    await spawn(heedful);
    const { started_at } = await driver.get_info(instance);
    proxy.inject({ method: 'POST', path: /\/stop\?t=5/, kind: 'answer', status: 500, message: 'stuck' });
    await driver.reboot(context, instance, [], reboot_type.SOFT);
    const info = await driver.get_info(instance);
    expect(info.state).toBe(power_state.RUNNING);
    expect(info.started_at).not.toBe(started_at);
  });

  it('that powers off does not take a signal that could not be sent for a long wait', async () => {
    await spawn(heedful);
    proxy.inject({ method: 'POST', path: /\/kill/, kind: 'answer', status: 500, message: 'no such device' });
    await expect(driver.power_off(instance, { timeout: 9, retry_interval: 3 })).rejects.toMatchObject({
      name: 'InstancePowerOffFailure',
      message: expect.stringContaining('no such device'),
    });
    expect(await state()).toBe(power_state.RUNNING);
  });

  it.each([
    [
      'asking',
      /\/kill/,
      { kind: 'stall-request' },
      () => driver.power_off(instance, { timeout: 4, retry_interval: 2 }),
      4,
    ],
    [
      'starting',
      /\/start/,
      { kind: 'stall-answer', afterBytes: 0 },
      () => driver.reboot(context, instance, [], reboot_type.HARD),
      1,
    ],
  ] as const)(
    'takes %s that is not answered in time for what may have been done',
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

  it('that reboots is taken back when the host is left between stop and start, and the next driver reboots', async () => {
    await spawn(heedful);
    const fault = proxy.inject({ method: 'POST', path: /\/start/, kind: 'stall-request' });
    const killed = driver.reboot(context, instance, [], reboot_type.SOFT).catch((error: unknown) => error);
    while (fault.struck().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await driver[Symbol.asyncDispose]();
    await killed;
    driver = new DockerDriver({ engine: proxy.host, imageService });
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
    expect(await state()).toBe(power_state.RUNNING);
    await driver.reboot(context, instance, [], reboot_type.SOFT);
    expect(await state()).toBe(power_state.RUNNING);
  });

  it.each([
    ['a hard reboot, when it makes the container again', /\/containers\/create/],
    ['a hard reboot, when it starts the container that it made again', /\/start/],
  ])('%s can be repeated', async (_name, path) => {
    instance = { ...instance, image_ref: image.id };
    await spawn(heedful);
    await driver.destroy(context, instance, []);
    proxy.inject({ method: 'POST', path, kind: 'lose-answer' });
    await driver.reboot(context, instance, [], reboot_type.HARD);
    expect(await state()).toBe(power_state.RUNNING);
  });

  it('that sends a signal for a dump succeeds when the instance ended of it and the answer was lost', async () => {
    await spawn("trap 'exit 6' ABRT; while :; do sleep 0.1; done");
    const fault = proxy.inject({ method: 'POST', path: /\/kill/, kind: 'lose-answer' });
    await driver.trigger_crash_dump(instance).catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
    });
    expect(fault.struck()).toHaveLength(1);
    while ((await state()) !== power_state.SHUTDOWN) await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(driver.trigger_crash_dump(instance)).rejects.toMatchObject({ name: 'InstanceNotRunning' });
  });

  it.each(['lose-answer', 'drop-request'] as const)(
    'that sets a password sets it all the same: %s',
    async (kind) => {
      await spawn('while :; do cat /etc/shadow; sleep 0.1; done');
      const fault = proxy.inject({ method: 'PUT', path: /\/archive/, kind });
      await driver.set_admin_password(instance, 'sesame');
      expect(fault.struck()).toHaveLength(1);
      while (!(await output()).includes('root:$')) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  );
});
