import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { Engine, engineAddress, type ImageReference } from '../../../lib/engine/index.js';
import { ImageLoader, type ImageLoaderOptions } from '../../../lib/images/index.js';
import { startFaultProxy, type FaultProxy } from '../../../lib/testing/index.js';
import { buildImageArchive, imageIdOf, type ImageArchiveOptions } from '../../support/archives.js';
import { directEngine, engineHost, inventory, removeImages } from '../../support/engine.js';
import { GivenImages } from '../../support/given-images.js';
import { noOpLogger } from '../../support/silent-logger.js';

/** Fixture of the loader's tests: an image service, and an engine behind a fault proxy. */
export class LoaderStage {
  readonly images = new GivenImages();
  /** Ids of the images that a test loads; `close` removes them. */
  readonly loaded: string[] = [];

  private constructor(
    readonly proxy: FaultProxy,
    readonly engine: Engine,
    /** The engine's images before the test. */
    readonly before: readonly string[],
  ) {}

  static async open(): Promise<LoaderStage> {
    const proxy = await startFaultProxy({ engine: engineHost() });
    const engine = new Engine(engineAddress(proxy.host));
    return new LoaderStage(proxy, engine, (await inventory()).images);
  }

  /** Removes the images of the test, and verifies that the engine has no others than before it. */
  async close(): Promise<void> {
    await removeImages(this.loaded);
    this.engine.close();
    await this.proxy.close();
    expect((await inventory()).images).toEqual(this.before);
  }

  newLoader(options: Partial<ImageLoaderOptions> = {}): ImageLoader {
    const { engine, images: imageService } = this;
    return new ImageLoader({ engine, imageService, host: 'image-loader', logger: noOpLogger, ...options });
  }

  /** Adds an image with unique content to the image service. */
  async newImage(
    options: ImageArchiveOptions = {},
  ): Promise<{ id: string; archive: Buffer; engineId: string }> {
    const given = {
      ...options,
      layers: [...(options.layers ?? []), [{ path: 'etc/id', content: randomUUID() }]],
    };
    const id = randomUUID();
    const archive = await buildImageArchive(given);
    this.images.give(id, { data: archive });
    this.loaded.push(id);
    return { id, archive, engineId: await imageIdOf(given) };
  }

  /** Inspects an image without the proxy. */
  async inspect(reference: ImageReference): ReturnType<Engine['images']['inspect']> {
    const direct = directEngine();
    try {
      return await direct.images.inspect(reference);
    } finally {
      direct.close();
    }
  }
}
