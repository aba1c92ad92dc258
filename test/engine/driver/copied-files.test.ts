import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageMeta, Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import type { DockerDriverOptions } from '../../../lib/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { startFaultProxy, type FaultProxy } from '../../../lib/testing/index.js';
import { directEngine, engineHost, inventory } from '../../support/engine.js';
import { newFlavor } from '../../support/nova-objects.js';
import { twoHosts } from '../../support/two-hosts.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';
import { larger } from '../contract/mover.js';
import type { TwoHosts } from '../contract/two-hosts.js';

const stay = "trap 'exit 0' TERM; sleep 1000 & wait";
const once = (script: string): string => `[ -e /made ] || { ${script}; }; touch /made; echo done; ${stay}`;
const hole = 'busybox truncate -s 3000000000 /hole';
/** Nested folders whose path is longer than the engine can express; only `mv` can create them. */
const deep = `
  chain() { mkdir /$1; cd /$1; i=0; while [ $i -lt 15 ]; do d=$(printf %0240d 1); mkdir $d; cd $d; i=$((i+1)); done; }
  chain deep-b; chain deep-a; mv /deep-b .; cd /`;

/** The verbs that copy an instance's files, and the exception of each for files that it cannot copy. */
const copies: readonly [string, string, (hosts: TwoHosts, instance: Instance) => Promise<unknown>][] = [
  ['rescue', 'InstanceNotRescuable', ({ source }, instance) => rescue(source, instance)],
  ['snapshot', 'InstanceInvalidState', ({ source }, instance) => snapshot(source, instance)],
  [
    'migration',
    'InstanceFaultRollback',
    ({ source, addresses }, instance) =>
      source.driver.migrate_disk_and_power_off(
        source.context,
        instance,
        addresses.destination,
        { ...larger, root_gb: instance.flavor.root_gb },
        [],
      ),
  ],
];

async function rescue(
  { driver, context, image }: Harness,
  instance: Instance,
  script = 'true',
): Promise<void> {
  const properties = { os_command_line: `sh -c "${script}; echo done; ${stay}"` };
  await driver.rescue(context, instance, [], { ...image, properties });
}

async function snapshot({ driver, context, imageService }: Harness, instance: Instance): Promise<void> {
  const { id } = await imageService.create(context, { name: 'saved' });
  try {
    await driver.snapshot(context, instance, id, () => Promise.resolve());
  } finally {
    await imageService.delete(context, id);
  }
}

describe("a tenant's files", () => {
  let engine: Engine;
  let proxy: FaultProxy;
  let hosts: TwoHosts;
  const instances: Instance[] = [];
  const setUp = async (options: DockerDriverOptions = {}): Promise<void> => {
    proxy = await startFaultProxy({ engine: engineHost() });
    hosts = await twoHosts({ ...options, engine: proxy.host });
  };
  const tearDown = async (): Promise<void> => {
    await hosts.close();
    await proxy.close();
  };
  beforeAll(() => {
    engine = directEngine();
  });
  afterAll(() => {
    engine.close();
  });
  afterEach(async () => {
    for (const instance of instances.splice(0))
      await hosts.source.driver.destroy(hosts.source.context, instance, []);
  });

  const boot = async (script: string, changes: Partial<Instance> = {}): Promise<Instance> => {
    const { instance } = await hosts.source.run(once(script), changes);
    instances.push(instance);
    return instance;
  };
  const state = async (instance: Instance): Promise<unknown> => {
    const { State: now } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
    return [now.Status, now.StartedAt];
  };
  /** Runs a script in an instance. */
  const inside = async (instance: Instance, script: string): Promise<string> => {
    const exec = await engine.exec.create(containerRef(`nova-${instance.uuid}`), {
      specification: { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true },
    });
    return await text(await engine.exec.start(exec, { tty: false }));
  };
  const says = (instance: Instance, word: string): Promise<void> =>
    eventually(`it says ${word}`, async () =>
      (await hosts.source.driver.get_console_output(hosts.source.context, instance)).includes(word),
    );

  describe('larger than the root_gb of the flavor, such as sparse files', () => {
    // Volumes have a bound of their own.
    beforeAll(() => setUp({ maxCopiedBytes: 2_000_000_000 }));
    afterAll(() => tearDown());

    it.each(copies)('are refused by a %s before the instance is stopped', async (_verb, name, copy) => {
      const instance = await boot(hole);
      const before = [await state(instance), await inventory()];
      await expect(copy(hosts, instance)).rejects.toMatchObject({ name });
      expect([await state(instance), await inventory()]).toEqual(before);
    });

    it('are refused in a volume by a migration', async () => {
      const { source } = hosts;
      const properties = {
        os_command_line: `sh -c "busybox truncate -s 3000000000 /var/volume/hole; echo done; ${stay}"`,
      };
      const instance = await source.boot();
      instances.push(instance);
      const meta: ImageMeta = { ...hosts.image, properties };
      await source.driver.rebuild(source.context, instance, meta, {});
      await says(instance, 'done');
      const before = await state(instance);
      await expect(copies[2]?.[2](hosts, instance)).rejects.toMatchObject({ name: 'InstanceFaultRollback' });
      expect(await state(instance)).toEqual(before);
    });

    it('make unrescue fail and keep the instance rescued, so that the tenant can remove them', async () => {
      const { driver, context } = hosts.source;
      const instance = await boot('true');
      await rescue(hosts.source, instance, 'busybox truncate -s 3000000000 /rescued/hole');
      await says(instance, 'done');
      const before = await state(instance);
      await expect(driver.unrescue(context, instance)).rejects.toMatchObject({
        name: 'InstanceInvalidState',
      });
      expect(await state(instance)).toEqual(before);
      await inside(instance, 'rm /rescued/hole');
      await driver.unrescue(context, instance);
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });

    it.each<[string, string, RegExp, (instance: Instance) => Promise<unknown>]>([
      ['rescue', 'InstanceNotRescuable', /\/stop/, (instance) => rescue(hosts.source, instance)],
      ['migration', 'InstanceFaultRollback', /\/stop/, async (instance) => copies[2]?.[2](hosts, instance)],
    ])('make a %s roll back when they grow during it', async (_verb, name, path, copy) => {
      const instance = await boot('true');
      const fault = proxy.inject({ path, method: 'POST', kind: 'delay-request', milliseconds: 3000 });
      const refused = expect(copy(instance)).rejects.toMatchObject({ name });
      await eventually('it is about to be stopped', () => fault.struck().length > 0);
      await inside(instance, hole);
      await refused;
      expect((await hosts.source.driver.get_info(instance)).state).toBe(power_state.RUNNING);
      expect(await inside(instance, 'ls /made')).toContain('/made');
    });

    it('keep the instance rescued when they grow during an unrescue', async () => {
      const { driver, context } = hosts.source;
      const instance = await boot('true');
      await rescue(hosts.source, instance);
      const fault = proxy.inject({
        path: /\/stop/,
        method: 'POST',
        kind: 'delay-request',
        milliseconds: 3000,
      });
      const refused = expect(driver.unrescue(context, instance)).rejects.toMatchObject({
        name: 'InstanceInvalidState',
      });
      await eventually('it is about to be stopped', () => fault.struck().length > 0);
      await inside(instance, 'busybox truncate -s 3000000000 /rescued/hole');
      await refused;
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
      expect(await inside(instance, 'rm /rescued/hole; ls /rescued/made')).toContain('/rescued/made');
    });

    it('cannot grow between measurement and commit of a snapshot: the instance is paused', async () => {
      const instance = await boot('true');
      const fault = proxy.inject({
        path: /\/commit/,
        method: 'POST',
        kind: 'delay-request',
        milliseconds: 500,
      });
      const saving = snapshot(hosts.source, instance);
      await eventually('it is about to be committed', () => fault.struck().length > 0);
      expect(await state(instance)).toMatchObject(['paused', expect.anything()]);
      await saving;
      expect(await state(instance)).toMatchObject(['running', expect.anything()]);
    });

    it('do not leave an instance paused when the engine is unreachable at the end of the pause', async () => {
      const { driver, context, imageService } = hosts.source;
      const instance = await boot('true');
      const { id } = await imageService.create(context, { name: 'saved' });
      const fault = proxy.inject({
        path: /\/(commit|unpause)/,
        method: 'POST',
        kind: 'drop-request',
        times: Infinity,
      });
      const saving = driver.snapshot(context, instance, id, () => Promise.resolve());
      const refused = expect(saving).rejects.toThrow();
      await eventually('the instance is to be unpaused', () => fault.struck().length > 1);
      expect(await state(instance)).toMatchObject(['paused', expect.anything()]);
      fault.withdraw();
      await refused;
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
      await imageService.delete(context, id);
    });
  });

  describe('with a path that is too long', () => {
    beforeAll(() => setUp());
    afterAll(() => tearDown());

    it.each(copies)('are refused by a %s before the instance is stopped', async (_verb, name, copy) => {
      const instance = await boot(deep);
      const before = await state(instance);
      const refused = { name, message: expect.stringContaining('too long') };
      await expect(copy(hosts, instance)).rejects.toMatchObject(refused);
      expect(await state(instance)).toEqual(before);
    });

    it('make unrescue fail and keep the instance rescued, so that the tenant can remove them', async () => {
      const { driver, context } = hosts.source;
      const instance = await boot('true');
      await rescue(hosts.source, instance);
      await inside(instance, deep.replaceAll(' /', ' /rescued/'));
      await expect(driver.unrescue(context, instance)).rejects.toMatchObject({
        name: 'InstanceInvalidState',
      });
      await inside(instance, `mv /rescued/deep-a/${'0*/'.repeat(15)}deep-b /rescued/`);
      await driver.unrescue(context, instance);
      expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });
  });

  describe('of a flavor with root_gb 0', () => {
    const flavor = newFlavor({ root_gb: 0 });
    const write = (name: string): string => `dd if=/dev/zero of=/${name} bs=1000 count=700 2>&1`;
    beforeAll(() => setUp({ maxCopiedBytes: 1_000_000 }));
    afterAll(() => tearDown());

    it.each(copies)('are limited to maxCopiedBytes above the image in a %s', async (_verb, name, copy) => {
      const instance = await boot(`${write('a')}; ${write('b')}`, { flavor });
      await expect(copy(hosts, instance)).rejects.toMatchObject({ name });
      await inside(instance, 'rm /a');
      if (name === 'InstanceInvalidState') await copy(hosts, instance);
    });

    it('have the same limit after each rescue, which cannot be used to grow the disk', async () => {
      const { driver, context } = hosts.source;
      const instance = await boot(write('a'), { flavor });
      await rescue(hosts.source, instance);
      await driver.unrescue(context, instance);
      await snapshot(hosts.source, instance);
      await inside(instance, write('b'));
      await expect(rescue(hosts.source, instance)).rejects.toMatchObject({ name: 'InstanceNotRescuable' });
    });
  });
});
