/**
 * Saves only what an instance has changed: with the option `snapshots: 'delta'` a snapshot holds the layer above the image that the
 * instance was booted from, and needs that image to boot. The engine is that of DOCKER_HOST; on one that keeps images in containerd's
 * store the snapshot is saved as a whole. In a program of your own, import from 'nova-docker-driver'.
 */
import { withExampleHost } from './example-host.js';

await withExampleHost(
  { snapshots: 'delta' },
  async ({ context, driver, imageService, boot, imageThatRuns, untilPrinted }) => {
    const image = imageThatRuns('echo "hello from the first" > /written; echo ready; exec sleep 1000');
    const first = await boot('first', image);
    await untilPrinted(first, 'ready');

    const { id } = await imageService.create(context, { name: 'first-snapshot' });
    await driver.snapshot(context, first, id, ({ task_state }) => {
      console.log(task_state);
      return Promise.resolve();
    });
    const [base, snapshot] = [
      await imageService.show(context, image.id),
      await imageService.show(context, id),
    ];
    const isDelta = snapshot.properties['nova_docker_base'] !== undefined;
    console.log(`the image has ${String(base.size)} bytes, the snapshot ${String(snapshot.size)}`);
    console.log(isDelta ? 'saved as a delta' : 'saved as a whole');

    // The driver loads what is missing of the base, then the delta. Here the engine has the base already.
    const properties = { os_command_line: "sh -c 'cat /written; exec sleep 1000'" };
    const second = await boot('second', { id, properties });
    await untilPrinted(second, 'hello from the first');
    console.log('the second instance has the file of the first');
  },
);
