import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, LifecycleEvent, SpawnOptions } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import type { DockerDriverOptions } from '../../lib/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { busyboxImage } from './busybox-image.js';
import { forgetUnusedSince, removeImages } from './engine.js';
import { context, newImageMeta, newInstance } from './nova-objects.js';

/** Keeps an instance alive until SIGTERM. */
const stayAlive = "trap 'exit 0' TERM; echo ready; sleep 1000 & wait";

/**
 * A DockerDriver on the engine of `DOCKER_HOST` for a host of its own, with one image.
 *
 * @param config what containers of that image inherit.
 */
export async function dockerHarness(
  options: DockerDriverOptions = {},
  config: Readonly<Record<string, unknown>> = {},
): Promise<Harness> {
  const host = `test-${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'nova-images-'));
  const imageService = options.imageService ?? new DirectoryImageService({ directory: folder });
  const record = await imageService.create(
    context,
    { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
    await busyboxImage({ command: ['sh', '-c', stayAlive], config }),
  );
  const image = newImageMeta(record.id);
  const drivers: DockerDriver[] = [];
  const start = async (): Promise<DockerDriver> => {
    const driver = new DockerDriver({ imageService, ...options });
    await driver.init_host(host);
    drivers.push(driver);
    return driver;
  };
  const driver = await start();
  const events: LifecycleEvent[] = [];
  await driver.register_event_listener((event) => {
    events.push(event);
  });

  const spawned: Instance[] = [];
  const boot = async (
    changes: Partial<Instance> = {},
    how: SpawnOptions = {},
    meta = image,
  ): Promise<Instance> => {
    const instance = newInstance(changes);
    await driver.spawn(context, instance, meta, how);
    spawned.push(instance);
    return instance;
  };

  const destroy = async (instances: readonly Instance[]): Promise<void> => {
    for (const instance of instances) await driver.destroy(context, instance, []);
  };
  let shared: Instance | undefined;
  const standing = async (): Promise<Instance> => {
    shared ??= newInstance();
    if (!(await driver.instance_exists(shared))) await driver.spawn(context, shared, image);
    const { state } = await driver.get_info(shared);
    if (state === power_state.PAUSED) await driver.unpause(shared);
    else if (state === power_state.SUSPENDED) await driver.resume(context, shared, []);
    else await driver.power_on(context, shared, []);
    return shared;
  };

  return {
    host,
    driver,
    restart: start,
    context,
    imageService,
    image,
    events,
    boot: (changes, how) => boot(changes, how),
    standing,
    run: async (script, changes, how) => {
      const meta = { ...image, properties: { os_command_line: `sh -c ${quoted(script)}` } };
      const instance = await boot(changes, how, meta);
      const output = (): Promise<string> => driver.get_console_output(context, instance);
      await eventually(`${script} says done`, async () => (await output()).includes('done'));
      return { instance, output: await output() };
    },
    tidy: () => destroy(spawned.splice(0)),
    close: async () => {
      await destroy([...spawned, ...(shared === undefined ? [] : [shared])]);
      for (const each of drivers) await each.cleanup_host(host);
      await forgetUnusedSince();
      await removeImages((await imageService.detail(context)).map(({ id }) => id));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function quoted(script: string): string {
  return `'${script.replaceAll("'", `'"'"'`)}'`;
}
