import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';

const context = { project_id: 'me' };
const imageService = new DirectoryImageService({ directory: './images' });
const driver = new DockerDriver({ imageService });
await driver.init_host('node-1');

const image = await imageService.create(
  context,
  { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
  createReadStream('busybox.tar'),
);
console.log('image', image.id);

const instance = {
  uuid: randomUUID(),
  name: 'instance-00000001',
  flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
};
const properties = { os_command_line: '/bin/busybox sleep 1000' };
await driver.spawn(context, instance, { id: image.id, properties });
const { state } = await driver.get_info(instance);
console.log('running', state === power_state.RUNNING);

await driver.destroy(context, instance, []);
await driver.cleanup_host('node-1');
