import type {
  CacheImageOptions,
  Instance,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
  VerbOptions,
} from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { snapshot } from '../verbs/index.js';
import { updateTaskStateMustBeSound } from '../subjects.js';
import { DockerPowerVerbs } from './power.js';

/** The verbs about images. */
export abstract class DockerImageVerbs extends DockerPowerVerbs {
  override async snapshot(
    context: RequestContext,
    instance: Instance,
    image_id: string,
    update_task_state: UpdateTaskState,
    options: LongRunningOptions = {},
  ): Promise<void> {
    updateTaskStateMustBeSound(update_task_state);
    const refusals: unknown[] = [];
    const tell: UpdateTaskState = async (update) => {
      try {
        await update_task_state(update);
      } catch (error) {
        refusals.push(error);
        throw error;
      }
    };
    try {
      await this.computeHost.changeAndGoOn(
        'snapshot',
        instance,
        options,
        NovaException,
        (node, signal, onProgress) =>
          snapshot(node, context, instance, image_id, tell, { signal, onProgress }),
        (committed) => committed.upload(),
      );
    } catch (error) {
      // What the orchestrator's own function fails with is not the driver's to explain.
      throw error instanceof NovaException && refusals.includes(error.cause) ? error.cause : error;
    }
  }

  override async cache_image(
    context: RequestContext,
    image_id: string,
    options: CacheImageOptions = {},
  ): Promise<boolean> {
    return await this.computeHost.ask(
      `cache image ${image_id}`,
      options,
      ({ imageLoader }, signal, onProgress) => imageLoader.load(context, image_id, { signal, onProgress }),
    );
  }

  override async manage_image_cache(
    _context: RequestContext,
    all_instances: readonly Instance[],
    options: VerbOptions = {},
  ): Promise<void> {
    const needed = new Set(all_instances.map(({ image_ref }) => image_ref ?? ''));
    const instances = new Set(all_instances.map(({ uuid }) => uuid.toLowerCase()));
    const minimumAge = this.computeHost.settings.removeUnusedImagesAfter;
    await this.computeHost.ask('manage the image cache', options, ({ imageLoader }, signal) =>
      imageLoader.removeUnused({ needed, instances, minimumAge, signal }),
    );
  }
}
