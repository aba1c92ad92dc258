/**
 * A small orchestrator: keeps a number of instances running, replaces those that end, and destroys all when it is stopped (Ctrl-C, SIGTERM).
 *
 * usage: orchestrator.ts IMAGE_ID [COUNT]
 * The image is in the folder NOVA_IMAGES_DIR (default: images), as after the README's first program. The engine is that of DOCKER_HOST.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Instance } from '../../lib/index.js';
import { DirectoryImageService, DockerDriver, lifecycle_event } from '../../lib/index.js';

const [image_id, wanted = '3'] = process.argv.slice(2);
if (image_id === undefined || !/^[1-9]\d?$/.test(wanted)) {
  console.error('usage: orchestrator.ts IMAGE_ID [COUNT], with 1 to 99 instances');
  process.exit(2);
}

const context = { project_id: 'me' };
const image = { id: image_id, properties: { os_command_line: '/bin/busybox sleep 1000' } };
const imageService = new DirectoryImageService({ directory: process.env['NOVA_IMAGES_DIR'] ?? 'images' });
const driver = new DockerDriver({ imageService, logger: { ...console, debug: () => undefined } });
const instances = new Map<string, Instance>();

// A signal to stop aborts the spawns under way, which roll back. The other instances are destroyed below.
const stop = new AbortController();
const { signal } = stop;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    stop.abort(new Error(name));
  });

async function boot(): Promise<void> {
  const uuid = randomUUID();
  const instance = {
    uuid,
    name: `worker-${uuid.slice(0, 8)}`,
    flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
  };
  instances.set(uuid, instance);
  await driver.spawn(context, instance, image, { signal });
}

await driver.init_host('node-1');
try {
  await driver.register_event_listener(async ({ uuid, transition }) => {
    const ended = instances.get(uuid);
    if (transition !== lifecycle_event.STOPPED || ended === undefined) return;
    instances.delete(uuid);
    await driver.destroy(context, ended, []);
    if (!signal.aborted) await boot();
  });
  await Promise.all(Array.from({ length: Number(wanted) }, boot));
  console.log('running:', await driver.list_instances());
  if (!signal.aborted) await once(signal, 'abort');
} catch (error) {
  if (!signal.aborted) throw error;
} finally {
  const last = [...instances.values()];
  instances.clear();
  await Promise.all(last.map((instance) => driver.destroy(context, instance, [])));
  console.log('left:', await driver.list_instances());
  await driver.cleanup_host('node-1');
}
