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
      const committed = await this.computeHost.change('snapshot', instance, options, NovaException, (node) =>
        snapshot(node, context, instance, image_id, tell, options),
      );
      await this.computeHost.goOn('snapshot', instance, options, NovaException, () => committed.upload());
    } catch (error) {
      // What the orchestrator's own function fails with is not the driver's to explain.
      throw error instanceof NovaException && refusals.includes(error.cause) ? error.cause : error;
    }
  }
}
