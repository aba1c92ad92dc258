import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import { acceleratorsMustBeNone } from '../instances/index.js';
import { whilePlugging } from '../network/index.js';
import { bootPlan, withNewContainer } from './steps/index.js';
import type { ComputeNode } from './definition/index.js';

/**
 * Boots an instance, or leaves the host as it was.
 *
 * The container is created at once from the reference that belongs to the image's id. Only an engine that has no such
 * image gets it loaded: an instance whose image is there costs the engine two requests.
 */
export async function spawn(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  options: SpawnOptions,
): Promise<void> {
  acceleratorsMustBeNone(options.accel_info);
  const plan = await bootPlan(node, context, instance, image_meta, options);
  const virtapi = plan.power_on ? node.virtapi : undefined;
  const plugging = { ...node.policy, logger: node.logger, signal: options.signal };
  await withNewContainer(node, plan, (container) =>
    whilePlugging(virtapi, instance, options.network_info, plugging, () => container.launch()),
  );
}
