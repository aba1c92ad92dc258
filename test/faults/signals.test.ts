import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageMeta, Instance, NetworkInfo, VerbOptions } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver } from '../../lib/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { engineHost, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { eventually } from '../engine/contract/harness.js';
import { migration } from '../engine/contract/mover.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Milliseconds. Longer than a test may take, so that only its signal can end a verb. */
const never = 3_600_000;
const timeouts = {
  readMs: never,
  changeMs: never,
  stopMarginMs: never,
  commitMs: never,
  archiveIdleMs: never,
  imageIdleMs: never,
};

/** The disk_info of `migrate_disk_and_power_off` for a change of limits only. */
const inPlace = JSON.stringify({ kind: 'in place' });

describe('a verb whose engine does not answer', () => {
  const folder = temporaryFolder();
  const network_info = new TestNetwork().port(9);
  const [vif] = new TestNetwork().port(9);
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let instance: Instance;
  let image: ImageMeta;

  beforeAll(async () => {
    const imageService = new DirectoryImageService({ directory: await folder.path() });
    const { id } = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
    image = newImageMeta(id);
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService, localGb: 10, timeouts });
    instance = newInstance();
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
    await driver.spawn(context, instance, image, { network_info });
  });
  afterAll(async () => {
    await driver.destroy(context, instance, network_info);
    await driver[Symbol.asyncDispose]();
    await proxy.close();
    await removeImages([image.id]);
    await folder.remove();
  });

  const port = (): NetworkInfo[number] => {
    if (vif === undefined) throw new Error('a network has no port');
    return vif;
  };
  const verbs: Record<string, (options: VerbOptions) => Promise<unknown>> = {
    plug_vifs: (options) => driver.plug_vifs(instance, network_info, options),
    unplug_vifs: (options) => driver.unplug_vifs(instance, network_info, options),
    attach_interface: (options) => driver.attach_interface(context, instance, image, port(), options),
    detach_interface: (options) => driver.detach_interface(context, instance, port(), options),
    rescue: (options) => driver.rescue(context, instance, network_info, image, options),
    unrescue: (options) => driver.unrescue(context, instance, options),
    rebuild: (options) => driver.rebuild(context, instance, image, { network_info, ...options }),
    reboot: (options) => driver.reboot(context, instance, network_info, 'HARD', options),
    set_admin_password: (options) => driver.set_admin_password(instance, 'sesame', options),
    snapshot: (options) => driver.snapshot(context, instance, 'image', () => Promise.resolve(), options),
    finish_migration: (options) =>
      driver.finish_migration(context, migration(instance), instance, inPlace, network_info, image, options),
    finish_revert_migration: (options) =>
      driver.finish_revert_migration(context, instance, network_info, migration(instance), options),
    get_available_resource: (options) =>
      driver.get_available_resource(`test-${instance.uuid.slice(0, 8)}`, options),
    get_instance_disk_info: (options) => driver.get_instance_disk_info(instance, options),
  };

  // Each of the first four GET requests. Without suspend: its event makes the driver send GETs, too.
  const cases = Object.keys(verbs).flatMap((verb) => [1, 2, 3, 4].map((nth) => [verb, nth] as const));
  it.each(cases)('rejects with the reason of its signal: %s, at GET request %i', async (verb, nth) => {
    const work = verbs[verb];
    if (work === undefined) throw new Error(`there is no ${verb}`);
    const fault = proxy.inject({ method: 'GET', path: /./, nth, kind: 'stall-request' });
    const impatience = new AbortController();
    const reason = new Error('enough');
    let over = false;
    const outcome = work({ signal: impatience.signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    void outcome.finally(() => (over = true));
    await eventually(`${verb} sends the request, or has ended`, () => over || fault.struck().length > 0);
    impatience.abort(reason);
    const failure = await outcome;
    fault.withdraw();
    if (fault.struck().length > 0) expect(failure).toBe(reason);
    await driver.plug_vifs(instance, network_info);
    await driver.power_on(context, instance, network_info);
  });
});
