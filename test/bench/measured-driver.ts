// The process whose memory and time are measured: only a driver, which runs its parent's tasks.
import { z } from 'zod';
import { DockerDriver } from '../../lib/index.js';
import { context, engine, imageService } from './surroundings.js';

const task = z.discriminatedUnion('verb', [
  /** Does not start the container: the benchmark measures the load of the image. */
  z.object({ verb: z.literal('spawn'), uuid: z.string(), image_id: z.string() }),
  z.object({ verb: z.literal('snapshot'), uuid: z.string(), image_id: z.string() }),
  z.object({ verb: z.literal('destroy'), uuid: z.string() }),
]);

/** A task for the process. */
export type Task = z.output<typeof task>;

const driver = new DockerDriver({ engine, imageService });
const ready = driver.init_host('bench');

async function perform(work: Task): Promise<void> {
  const flavor = { memory_mb: 64, vcpus: 1, root_gb: 1 };
  const instance = { uuid: work.uuid, name: `instance-${work.uuid.slice(0, 8)}`, flavor };
  switch (work.verb) {
    case 'spawn':
      await driver.spawn(context, instance, { id: work.image_id }, { power_on: false });
      break;
    case 'snapshot':
      await driver.snapshot(context, instance, work.image_id, () => Promise.resolve(), {});
      break;
    case 'destroy':
      await driver.destroy(context, instance, []);
      break;
  }
}

process.on('message', (message) => {
  void (async () => {
    await ready;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await perform(task.parse(message));
    const milliseconds = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({ milliseconds, cpuMilliseconds: (user + system) / 1000 });
  })().catch((error: unknown) =>
    process.send?.({ error: String(error instanceof Error ? error.stack : error) }),
  );
});
process.once('disconnect', () => {
  void driver.cleanup_host('bench').finally(() => imageService.close());
});
