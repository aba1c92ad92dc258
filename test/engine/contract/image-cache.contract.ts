import { describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';

/** The image cache: `cache_image` and `manage_image_cache`. */
export function imageCacheContract(harness: () => Harness): void {
  /** An image of which no instance was booted. */
  async function newImage(): Promise<string> {
    const { imageService, context } = harness();
    const metadata = { name: 'fresh', container_format: 'docker', disk_format: 'raw' };
    const data = await busyboxImage({ command: ['sleep', '1000'] });
    return (await imageService.create(context, metadata, data)).id;
  }

  describe('cache_image', () => {
    it('downloads an image once', async () => {
      const { driver, context } = harness();
      const id = await newImage();
      await expect(driver.cache_image(context, id)).resolves.toBe(true);
      await expect(driver.cache_image(context, id)).resolves.toBe(false);
    });

    it('lets a later spawn succeed without the image service', async () => {
      const { driver, context, imageService } = harness();
      const id = await newImage();
      await driver.cache_image(context, id);
      await imageService.delete(context, id);
      const instance = newInstance();
      await driver.spawn(context, instance, newImageMeta(id));
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
      await driver.destroy(context, instance, []);
      // The harness removes the images of the image service from the engine.
      await imageService.create(context, { id, name: 'deleted' });
    });

    it('rejects a queued image with ImageNotActive, and a missing one with ImageNotFound', async () => {
      const { driver, context, imageService } = harness();
      const { id } = await imageService.create(context, { name: 'queued' });
      await expect(driver.cache_image(context, id)).rejects.toMatchObject({ name: 'ImageNotActive' });
      await imageService.delete(context, id);
      await expect(driver.cache_image(context, id)).rejects.toMatchObject({ name: 'ImageNotFound' });
    });
  });

  describe('manage_image_cache', () => {
    it('leaves images that instances use or that were cached just before', async () => {
      const { driver, boot, context, image } = harness();
      const instance = await boot();
      const id = await newImage();
      await driver.cache_image(context, id);
      await driver.manage_image_cache(context, [instance]);
      await expect(driver.cache_image(context, id)).resolves.toBe(false);
      await expect(driver.cache_image(context, image.id)).resolves.toBe(false);
    });

    it('is announced in the capabilities of the driver', () => {
      expect(harness().driver.capabilities.has_imagecache).toBe(true);
    });
  });
}
