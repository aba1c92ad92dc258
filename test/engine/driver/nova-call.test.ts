import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DockerDriver, power_state, reboot_type } from '../../../lib/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { removeImages } from '../../support/engine.js';
import { block_device_info, context, image_meta, instance, network_info } from '../../support/nova-call.js';
import { SmallImageService } from '../../support/small-image-service.js';

describe("DockerDriver with Nova's own arguments", () => {
  const imageService = new SmallImageService();
  const driver = new DockerDriver({ imageService });
  const booted = {
    ...instance,
    system_metadata: { ...instance.system_metadata, image_os_shutdown_timeout: '1' },
  };
  beforeAll(async () => {
    const metadata = { id: image_meta.id, container_format: 'docker', disk_format: 'raw' };
    await imageService.create(context, metadata, await busyboxImage({ command: ['sleep', '1000'] }));
    await driver.init_host(`test-${randomUUID()}`);
  });
  afterAll(async () => {
    await driver[Symbol.asyncDispose]();
    await removeImages([image_meta.id]);
  });

  it('spawns, reboots, pauses, powers off and on, and destroys an instance', async () => {
    await driver.prepare_for_spawn(booted);
    await driver.spawn(context, booted, image_meta, {
      injected_files: [],
      admin_password: 'REDACTED',
      allocations: {},
      network_info,
      block_device_info,
      power_on: true,
      accel_info: [],
    });
    await driver.plug_vifs(booted, network_info);
    await driver.reboot(context, booted, network_info, reboot_type.HARD, {
      block_device_info,
      bad_volumes_callback: () => Promise.resolve(),
      accel_info: [],
    });
    await expect(driver.get_info(booted, { use_cache: false })).resolves.toMatchObject({
      state: power_state.RUNNING,
    });
    await driver.pause(booted);
    await driver.unpause(booted);
    await driver.power_off(booted, { timeout: 2, retry_interval: 1 });
    await driver.power_on(context, booted, network_info, { block_device_info, accel_info: [] });
    await expect(driver.get_console_output(context, booted)).resolves.toBe('');
    await driver.destroy(context, booted, network_info, {
      block_device_info,
      destroy_disks: true,
      destroy_secrets: true,
    });
    await expect(driver.instance_exists(booted)).resolves.toBe(false);
  });
});
