import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  DockerDriverOptions,
  ImageMeta,
  Instance,
  RequestContext,
  SpawnOptions,
} from '../../lib/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import { busyboxArchive } from './busybox-archive.js';
import { forgetImages } from './forget-images.js';

/** The compute host of an example: a driver, an image service, and one image with busybox in it. */
export interface ExampleHost {
  readonly context: RequestContext;
  readonly driver: DockerDriver;
  readonly imageService: DirectoryImageService;
  /** The image as `spawn` takes it, with a shell script as its command. */
  readonly imageThatRuns: (script: string) => ImageMeta;
  /** Spawns an instance. It is destroyed when the example ends. */
  readonly boot: (name: string, image: ImageMeta, options?: SpawnOptions) => Promise<Instance>;
  /** Waits until the instance has printed a text. */
  readonly untilPrinted: (instance: Instance, text: string) => Promise<void>;
  /** Waits until the instance's program has ended. */
  readonly untilEnded: (instance: Instance) => Promise<void>;
}

/** Runs an example on the engine of DOCKER_HOST, and removes from the engine and the disk all that the example made. */
export async function withExampleHost(
  options: DockerDriverOptions,
  example: (host: ExampleHost) => Promise<void>,
): Promise<void> {
  const context = { user_id: 'demo', project_id: 'demo' };
  const directory = await mkdtemp(join(tmpdir(), 'nova-images-'));
  const imageService = new DirectoryImageService({ directory });
  const driver = new DockerDriver({ imageService, ...options });
  const instances: Instance[] = [];
  await driver.init_host('node-1');
  try {
    const { id } = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxArchive(),
    );
    await example({
      context,
      driver,
      imageService,
      imageThatRuns: (script) => ({ id, properties: { os_command_line: `sh -c '${script}'` } }),
      boot: async (name, image, spawnOptions) => {
        const instance = {
          uuid: randomUUID(),
          name,
          flavor: { name: 'm1.nano', memory_mb: 64, vcpus: 1, root_gb: 1 },
        };
        instances.push(instance);
        await driver.spawn(context, instance, image, spawnOptions);
        return instance;
      },
      untilPrinted: async (instance, text) => {
        while (!(await driver.get_console_output(context, instance)).includes(text)) await sleep(50);
      },
      untilEnded: async (instance) => {
        while ((await driver.get_info(instance)).state === power_state.RUNNING) await sleep(50);
      },
    });
  } finally {
    for (const instance of instances) await driver.destroy(context, instance, []);
    await driver.cleanup_host('node-1');
    await forgetImages((await imageService.detail(context)).map(({ id }) => id));
    await rm(directory, { recursive: true });
  }
}
