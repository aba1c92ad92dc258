/** Uses a folder of images concurrently with other processes. Arguments: task, folder, image id. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { DirectoryImageService } from '../../../../lib/image-services/directory/index.js';
import { bytesOf, streamOf } from '../../../images/contract/bytes.js';

const [task = '', directory = '', image = ''] = process.argv.slice(2);
const service = new DirectoryImageService({ directory });
const context = { project_id: 'project-a' };
const formats = { container_format: 'docker', disk_format: 'raw' };

const tasks: Readonly<Record<string, () => Promise<void>>> = {
  /** Adds properties of its own to one image, one after another. */
  async describe() {
    const own = randomUUID();
    for (let n = 0; n < 20; n += 1) {
      await service.update(context, image, { properties: { [`${own}-${n}`]: 'here' } });
    }
  },

  /** Creates, fills, updates and deletes images until it is killed. */
  async work() {
    process.stdout.write('begun\n');
    for (let n = 0; ; n += 1) {
      const data = (): Readable => streamOf(bytesOf(200_000 + n));
      const { id } = await service.create(context, formats, n % 2 === 0 ? data() : undefined);
      if (n % 2 === 1) await service.update(context, id, { name: 'filled' }, data());
      await service.update(context, id, { name: 'named' });
      if (n % 3 === 0) await service.delete(context, id);
    }
  },

  /** Begins an upload that never ends. */
  async stall() {
    const data = new Readable({ read: () => undefined });
    data.push(bytesOf(100_000));
    const onProgress = (): void => void setTimeout(() => process.stdout.write('begun\n'), 100);
    await service.update(context, image, {}, data, { onProgress });
  },
};

await tasks[task]?.();
