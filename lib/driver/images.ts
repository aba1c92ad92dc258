import type {
  CacheImageOptions,
  Instance,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
  VerbOptions,
} from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { orchestratorAnswer, snapshot } from '../verbs/index.js';
import {
  imageIdMustBeText,
  instancesMustBeSound,
  soundInstance,
  updateTaskStateMustBeSound,
} from '../verbs/index.js';
import { DockerPowerVerbs } from './power.js';
import { OrchestratorFailures } from './orchestrator-failures.js';

/** The verbs that concern images. */
export abstract class DockerImageVerbs extends DockerPowerVerbs {
  override async snapshot(
    context: RequestContext,
    given: Instance,
    image_id: string,
    update_task_state: UpdateTaskState,
    options: LongRunningOptions = {},
  ): Promise<void> {
    const instance = soundInstance(given);
    imageIdMustBeText(image_id);
    updateTaskStateMustBeSound(update_task_state);
    const failures = new OrchestratorFailures();
    await failures.asThrown(() =>
      this.computeHost.changeAndGoOn(
        'snapshot',
        instance,
        options,
        NovaException,
        (node, signal, onProgress) => {
          const tell: UpdateTaskState = (update) =>
            failures.call(() =>
              orchestratorAnswer('update_task_state', signal, () => update_task_state(update)),
            );
          return snapshot(node, context, instance, image_id, tell, { signal, onProgress });
        },
        (committed) => committed.upload(),
      ),
    );
  }

  override async cache_image(
    context: RequestContext,
    image_id: string,
    options: CacheImageOptions = {},
  ): Promise<boolean> {
    imageIdMustBeText(image_id);
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
    instancesMustBeSound(all_instances);
    const needed = new Set(all_instances.map(({ image_ref }) => image_ref ?? ''));
    const instances = new Set(all_instances.map((instance) => soundInstance(instance).uuid));
    const minimumAge = this.computeHost.settings.removeUnusedImagesAfterSeconds;
    await this.computeHost.ask('manage the image cache', options, ({ imageLoader }, signal) =>
      imageLoader.removeUnused({ needed, instances, minimumAge, signal }),
    );
  }
}
