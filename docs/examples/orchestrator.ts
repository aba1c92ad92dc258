/**
 * An orchestrator in thirty lines: keeps a number of instances running, replaces those that end, and leaves nothing when it is told to stop.
 *
 * usage: orchestrator.ts IMAGE_ID [COUNT], with an image that is in the folder NOVA_IMAGES_DIR (default: images), as the README's first program puts it
 * there; the engine is that of DOCKER_HOST.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Instance } from '../../lib/index.js';
import { DirectoryImageService, DockerDriver, lifecycle_event } from '../../lib/index.js';

const [image_id, wanted = '3'] = process.argv.slice(2);
if (image_id === undefined) throw new Error('usage: orchestrator.ts IMAGE_ID [COUNT]');

const context = { project_id: 'demo' };
const imageService = new DirectoryImageService({ directory: process.env['NOVA_IMAGES_DIR'] ?? 'images' });
const driver = new DockerDriver({ imageService, logger: { ...console, debug: () => undefined } });
const instances = new Map<string, Instance>();

async function boot(): Promise<void> {
  const uuid = randomUUID();
  const instance = {
    uuid,
    name: `worker-${uuid.slice(0, 8)}`,
    flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
  };
  instances.set(uuid, instance);
  await driver.spawn(context, instance, { id: image_id ?? '' });
}

await driver.init_host('node-1');
await driver.register_event_listener(async ({ uuid, transition }) => {
  const ended = instances.get(uuid);
  if (transition !== lifecycle_event.STOPPED || ended === undefined) return;
  instances.delete(uuid);
  await driver.destroy(context, ended, []);
  await boot();
});
await Promise.all(Array.from({ length: Number(wanted) }, boot));
console.log('running:', await driver.list_instances());

await once(process, 'SIGINT');
const last = [...instances.values()];
instances.clear();
await Promise.all(last.map((instance) => driver.destroy(context, instance, [])));
await driver.cleanup_host('node-1');
