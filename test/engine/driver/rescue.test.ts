import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

const stay = 'echo done; trap "exit 0" TERM; sleep 1000 & wait';

describe('rescue of an instance whose image has a volume', () => {
  let harness: Harness;
  let engine: Engine;
  beforeAll(async () => {
    harness = await dockerHarness({}, { Volumes: { '/data': {} } });
    engine = directEngine();
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });

  const volumes = async ({ uuid }: Instance): Promise<string[]> => {
    const { Mounts: mounts } = await engine.containers.inspect(containerRef(`nova-${uuid}`));
    return mounts.flatMap(({ Destination: at, Name: name = '' }) => (at === '/data' ? [name] : []));
  };
  const told = async (instance: Instance, what: string): Promise<void> => {
    const { driver, context } = harness;
    await eventually(`it says ${what}`, async () =>
      (await driver.get_console_output(context, instance)).includes(what),
    );
  };

  it('has the volume itself below /rescued, and gives it back', async () => {
    const { driver, run, image, context } = harness;
    const { instance } = await run(`echo line >> /data/diary; cat /data/diary /data/more; ${stay}`);
    const before = await volumes(instance);
    expect(before).toHaveLength(1);
    const script = `cat /rescued/data/diary; echo rescued > /rescued/data/more; ${stay}`;
    const meta = { ...image, properties: { os_command_line: `sh -c '${script}'` } };
    await driver.rescue(context, instance, [], meta);
    await told(instance, 'line\ndone');
    await driver.unrescue(context, instance);
    await told(instance, 'line\nline\nrescued');
    expect(await volumes(instance)).toEqual(before);
    await driver.destroy(context, instance, []);
    const { length } = (await engine.volumes.list()).filter(({ Name: name }) => before.includes(name));
    expect(length).toBe(0);
  });

  it('leaves no image of its files behind when its return is broken off', async () => {
    const { driver, boot, image, context } = harness;
    const instance = await boot();
    const images = async (): Promise<string[]> =>
      (await engine.images.list({})).flatMap(({ RepoTags: tags }) =>
        tags.filter((tag) => tag.endsWith(instance.uuid)),
      );
    // The second time, its own container is of such an image already.
    for (const time of ['first', 'second']) {
      await driver.rescue(context, instance, [], image);
      const reason = new Error('enough');
      const impatience = new AbortController();
      const returning = driver.unrescue(context, instance, {
        signal: impatience.signal,
        onProgress: ({ phase }) => {
          if (phase === 'starting') impatience.abort(reason);
        },
      });
      await expect(returning).rejects.toBe(reason);
      expect([time, await images()]).toEqual([time, []]);
      await driver.unrescue(context, instance);
      expect([time, await images()]).toEqual([time, [expect.anything()]]);
    }
    await driver.destroy(context, instance, []);
    expect(await images()).toEqual([]);
  });

  it('tells of one start and one stop each, and counts one instance', async () => {
    const { driver, boot, events, image, context } = harness;
    const instance = await boot();
    const count = await driver.get_num_instances();
    await driver.rescue(context, instance, [], image);
    expect(await driver.get_num_instances()).toBe(count);
    await driver.unrescue(context, instance);
    expect(await driver.get_num_instances()).toBe(count);
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    const transitions = (): string[] =>
      events.flatMap(({ uuid, transition }) => (uuid === instance.uuid ? [String(transition)] : []));
    await eventually('all has been told', () => transitions().length >= 5);
    expect(new Set(transitions()).size).toBe(2);
    expect(transitions()).toHaveLength(5);
  });
});
