import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageMeta, Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { directEngine } from '../../support/engine.js';
import { newFlavor, newInstance } from '../../support/nova-objects.js';
import { twoHosts } from '../../support/two-hosts.js';
import { eventually } from '../contract/harness.js';
import { larger } from '../contract/mover.js';
import type { TwoHosts } from '../contract/two-hosts.js';

const stay = "trap 'exit 0' TERM; echo done; exec sleep 1000";
/** A file whose name means a deleted file to engines that unpack a layer. */
const mark = 'echo mine > /home/.wh.mine';

describe("a tenant's files that cannot be copied", () => {
  let engine: Engine;
  let hosts: TwoHosts;
  let instance: Instance;
  const flavor = newFlavor({ root_gb: 0 });
  beforeAll(async () => {
    engine = directEngine();
    hosts = await twoHosts({ maxCopiedBytes: 1_000_000 });
  });
  afterAll(async () => {
    await hosts.close();
    engine.close();
  });
  afterEach(async () => {
    for (const { driver, context } of [hosts.destination, hosts.source])
      await driver.destroy(context, instance, []);
  });

  const spawn = async (meta: ImageMeta, script: string): Promise<void> => {
    const { driver, context } = hosts.source;
    instance = newInstance({ flavor });
    const properties = {
      os_command_line: `sh -c "mkdir -p /home; ${script}; ${stay}"`,
      os_shutdown_timeout: '1',
    };
    await driver.spawn(context, instance, { ...meta, properties });
    await saysDone();
  };
  const saysDone = (): Promise<void> =>
    eventually('it says done', async () =>
      (await hosts.source.driver.get_console_output(hosts.source.context, instance)).includes('done'),
    );
  const inside = async (script: string): Promise<string> => {
    const exec = await engine.exec.create(containerRef(`nova-${instance.uuid}`), {
      specification: { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true },
    });
    return await text(await engine.exec.start(exec, { tty: false }));
  };
  const run = async (): Promise<unknown> => {
    const { Id: id, State: now } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
    return [id, now.Status, now.StartedAt];
  };
  const rescue = async (): Promise<void> => {
    const { driver, context, image } = hosts.source;
    const properties = { os_command_line: `sh -c "${stay}"` };
    await driver.rescue(context, instance, [], { ...image, properties });
  };
  const snapshot = async (): Promise<void> => {
    const { driver, context, imageService } = hosts.source;
    const { id } = await imageService.create(context, { name: 'saved' });
    try {
      await driver.snapshot(context, instance, id, () => Promise.resolve());
    } finally {
      await imageService.delete(context, id);
    }
  };
  const migrate = (): Promise<string | null> =>
    hosts.source.driver.migrate_disk_and_power_off(
      hosts.source.context,
      instance,
      hosts.addresses.destination,
      { ...larger, root_gb: 0 },
      [],
    );

  it.each([
    ['snapshot', snapshot],
    ['migration', migrate],
  ])('for their names are refused by a %s before anything is changed', async (_verb, copy) => {
    await spawn(hosts.source.image, mark);
    const before = await run();
    await expect(copy()).rejects.toThrow('/home/.wh.mine');
    expect(await run()).toEqual(before);
  });

  it('for their names are refused in a volume, too, before anything is changed', async () => {
    await spawn(hosts.image, mark.replace('/home', '/var/volume'));
    const before = await run();
    await expect(migrate()).rejects.toThrow('.wh.mine');
    expect(await run()).toEqual(before);
  });

  it('back for their names are there in a rescue, which goes on until they are renamed', async () => {
    const { driver, context } = hosts.source;
    await spawn(hosts.source.image, mark);
    await rescue();
    await saysDone();
    const before = await run();
    expect(await inside('cat /rescued/home/.wh.mine')).toContain('mine');
    await expect(driver.unrescue(context, instance)).rejects.toMatchObject({
      name: 'InstanceInvalidState',
      message: expect.stringContaining('.wh.mine'),
    });
    expect(await run()).toEqual(before);
    await inside('mv /rescued/home/.wh.mine /rescued/home/mine');
    await driver.unrescue(context, instance);
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    expect(await inside('cat /home/mine')).toContain('mine');
  });

  it.each([
    ['rescue', rescue],
    ['snapshot', snapshot],
    ['migration', migrate],
  ])(
    'because there are too many empty ones are refused by a %s before anything is changed',
    async (_verb, copy) => {
      const many = 'cd /home; i=0; while [ $i -lt 2500 ]; do : > $i; i=$((i+1)); done';
      await spawn(hosts.source.image, many);
      const before = await run();
      await expect(copy()).rejects.toThrow('bytes allowed');
      expect(await run()).toEqual(before);
    },
  );

  it('together with those in volumes can be migrated: volumes are not on the root disk', async () => {
    const write = (file: string): string => `head -c 700000 /dev/zero > ${file}`;
    await spawn(hosts.image, `${write('/home/a')}; ${write('/var/volume/b')}`);
    await migrate();
  });
});
