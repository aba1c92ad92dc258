import { DockerDriver } from '../../lib/index.js';
import type { LifecycleEvent } from '../../interfaces/index.js';
import { buildImageArchive } from './archives.js';
import { context, newImageMeta } from './nova-objects.js';
import type { Scenario } from './scenarios.js';
import { SmallImageService } from './small-image-service.js';
import { tinyProgram } from './tiny-program.js';
import { Readable } from 'node:stream';

const image_id = '1260c41d-a2ff-4026-91bc-96d07519a88e';

/** Plays a scenario with a new driver on an engine, which may be a recorder or a replayer. */
export async function playOn(engine: string, scenario: Scenario): Promise<void> {
  const imageService = new SmallImageService();
  await imageService.create(
    context,
    { id: image_id, name: 'tiny', container_format: 'docker', disk_format: 'raw' },
    Readable.from([
      await buildImageArchive({
        layers: [[{ path: 'tiny', content: tinyProgram() }]],
        config: { Cmd: ['/tiny'] },
      }),
    ]),
  );
  const events: LifecycleEvent[] = [];
  // The default of maxOpenFiles depends on this machine.
  const maxOpenFiles = { soft: 1024, hard: 4096 };
  const driver = new DockerDriver({ engine, imageService, localGb: 100, maxOpenFiles });
  await driver.register_event_listener((event) => {
    events.push(event);
  });
  await driver.init_host('node-1');
  try {
    await scenario.play({ driver, imageService, image: newImageMeta(image_id), events });
  } finally {
    await driver.cleanup_host('node-1');
  }
}
