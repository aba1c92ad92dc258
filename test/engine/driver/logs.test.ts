import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';
import { logBytes } from '../../support/log-bytes.js';

const mebibyte = 1024 * 1024;
/** An engine checks a log's size before it writes: one entry (16 KiB, then escaped) may exceed the limit. */
const entry = 128 * 1024;

describe('the log of an instance on the engine', () => {
  const logs = { maxBytes: mebibyte, maxFiles: 2 };
  let harness: Harness;
  let engine: Engine;
  beforeAll(async () => {
    harness = await dockerHarness({ logs });
    engine = directEngine();
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });
  const bytesOf = async ({ uuid }: Instance): Promise<number> => {
    const { Id: id } = await engine.containers.inspect(containerRef(`nova-${uuid}`));
    const { DockerRootDir: root } = await engine.system.info();
    return await logBytes(root, id);
  };

  it.each([
    ['lines of one byte', 'yes "" | head -n 200000'],
    ['a line without a line feed', 'head -c 20000000 /dev/zero | busybox tr "\\000" x; echo'],
    ['bytes that JSON escapes to six', 'head -c 4000000 /dev/zero; echo'],
  ])('stays within maxBytes × maxFiles and ends with the latest output: %s', async (_what, flood) => {
    const { instance, output } = await harness.run(`${flood}; echo done`);
    expect(await bytesOf(instance)).toBeLessThanOrEqual(logs.maxBytes * logs.maxFiles + 2 * entry);
    expect(output.endsWith('done\n')).toBe(true);
  });

  it('has the 100 KiB that get_console_output returns, also across a log rotation', async () => {
    const { instance } = await harness.run(
      'i=0; while [ $i -lt 6 ]; do seq 100000 109999; i=$((i+1)); done; seq 200000 200050; echo done',
    );
    const output = await harness.driver.get_console_output(harness.context, instance);
    const lines = output.trimEnd().split('\n');
    expect(lines.slice(-53)).toEqual([
      '109999',
      ...Array.from({ length: 51 }, (_, line) => String(200_000 + line)),
      'done',
    ]);
    expect(lines.length).toBe(5000);
  });

  it('is limited by default, also during a rescue and after it', async () => {
    const other = await dockerHarness();
    const boundOf = async ({ uuid }: Instance): Promise<unknown> => {
      const { HostConfig: host } = await engine.containers.configuration(containerRef(`nova-${uuid}`));
      return host['LogConfig'];
    };
    const bound = {
      Type: 'json-file',
      Config: { 'max-size': String(10 * mebibyte), 'max-file': '3' },
    };
    try {
      const { driver, context, image } = other;
      const instance = await other.boot();
      expect(await boundOf(instance)).toMatchObject(bound);
      await driver.rescue(context, instance, [], image);
      expect(await boundOf(instance)).toMatchObject(bound);
      await driver.unrescue(context, instance);
      expect(await boundOf(instance)).toMatchObject(bound);
      await eventually(
        'the instance runs',
        async () => (await driver.get_info(instance)).state === power_state.RUNNING,
      );
    } finally {
      await other.close();
    }
  });
});
