/**
 * Boots an instance from an image in Glance and saves it there as a snapshot. In a program of your own, import from 'nova-docker-driver'.
 *
 * usage: snapshot-to-glance.ts IMAGE_ID
 * OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, … are as in an openrc file. The engine is that of DOCKER_HOST.
 * This command puts an image into Glance:
 * `docker save busybox | openstack image create --container-format docker --disk-format raw busybox`.
 */
import { randomUUID } from 'node:crypto';
import type { Instance } from '../../lib/index.js';
import { DockerDriver, GlanceImageService } from '../../lib/index.js';
import { progressBar } from './progress-bar.js';

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

const setting = (name: string, fallback?: string): string =>
  process.env[name] ?? fallback ?? refuse(`${name} is not set`);
const [image_id] = process.argv.slice(2);
if (image_id === undefined) refuse('usage: snapshot-to-glance.ts IMAGE_ID');

const imageService = new GlanceImageService({
  auth: {
    type: 'password',
    auth_url: setting('OS_AUTH_URL'),
    username: setting('OS_USERNAME'),
    password: setting('OS_PASSWORD'),
    user_domain_id: setting('OS_USER_DOMAIN_ID', 'default'),
    project_name: setting('OS_PROJECT_NAME'),
    project_domain_id: setting('OS_PROJECT_DOMAIN_ID', 'default'),
  },
});
const driver = new DockerDriver({ imageService });
const context = {};
const instance: Instance = {
  uuid: randomUUID(),
  name: 'instance-00000001',
  flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
};

await driver.init_host('node-1');
try {
  const onProgress = progressBar();
  await driver.spawn(context, instance, { id: image_id }, { onProgress });
  const { id } = await imageService.create(context, { name: 'snapshot' });
  await driver.snapshot(context, instance, id, () => Promise.resolve(), { onProgress });
  const { status, size, os_hash_value } = await imageService.show(context, id);
  console.log(`\nimage ${id} is ${status}: ${String(size)} bytes, sha512 ${String(os_hash_value)}`);
} finally {
  await driver.destroy(context, instance, []);
  await driver.cleanup_host('node-1');
  imageService.close();
}
