import { describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';

/** Images kept for instances to come. */
export function imageCacheContract(harness: () => Harness): void {
  /** An image that nobody has booted from. */
  async function newImage(): Promise<string> {
    const { imageService, context } = harness();
    const metadata = { name: 'fresh', container_format: 'docker', disk_format: 'raw' };
    const data = await busyboxImage({ command: ['sleep', '1000'] });
    return (await imageService.create(context, metadata, data)).id;
  }

  describe('cache_image', () => {
    it('fetches an image once', async () => {
      const { driver, context } = harness();
      const id = await newImage();
      await expect(driver.cache_image(context, id)).resolves.toBe(true);
      await expect(driver.cache_image(context, id)).resolves.toBe(false);
    });

    it('spares the spawn that follows all need of the image service', async () => {
      const { driver, context, imageService } = harness();
      const id = await newImage();
      await driver.cache_image(context, id);
      await imageService.delete(context, id);
      const instance = newInstance();
      await driver.spawn(context, instance, newImageMeta(id));
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
      await driver.destroy(context, instance, []);
      // For the harness, which removes from the engine what is in the image service.
      await imageService.create(context, { id, name: 'deleted' });
    });

    it('says so when the image cannot be booted, or is not there', async () => {
      const { driver, context, imageService } = harness();
      const { id } = await imageService.create(context, { name: 'queued' });
      await expect(driver.cache_image(context, id)).rejects.toMatchObject({ name: 'ImageNotActive' });
      await imageService.delete(context, id);
      await expect(driver.cache_image(context, id)).rejects.toMatchObject({ name: 'ImageNotFound' });
    });
  });

  describe('manage_image_cache', () => {
    it('leaves what instances use, and what was cached a moment ago', async () => {
      const { driver, boot, context, image } = harness();
      const instance = await boot();
      const id = await newImage();
      await driver.cache_image(context, id);
      await driver.manage_image_cache(context, [instance]);
      await expect(driver.cache_image(context, id)).resolves.toBe(false);
      await expect(driver.cache_image(context, image.id)).resolves.toBe(false);
    });

    it('is what the driver says that it can do', () => {
      expect(harness().driver.capabilities.has_imagecache).toBe(true);
    });
  });
}
