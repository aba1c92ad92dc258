import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import { acceleratorsMustBeNone } from '../instances/index.js';
import { whilePlugging } from '../network/index.js';
import { bootPlan, withNewContainer } from './steps/index.js';
import type { ComputeNode } from './definition/index.js';

/**
 * Boots an instance. A failure is rolled back.
 *
 * The container is created at once from the reference that belongs to the image's id, and the image is loaded only if
 * the engine reports that it is missing. An instance whose image is cached costs the engine two requests.
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
