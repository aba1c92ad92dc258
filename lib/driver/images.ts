import type {
  Instance,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
} from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { snapshot } from '../verbs/index.js';
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
    await this.computeHost.change('snapshot', instance, options, NovaException, async (node) => {
      await snapshot(node, context, instance, image_id, update_task_state, options);
    });
  }
}
