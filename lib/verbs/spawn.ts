import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import { InstanceDeployFailure } from '../../interfaces/index.js';
import { acceleratorsMustBeNone } from '../instances/index.js';
import { whilePlugging } from '../network/index.js';
import { bootPlan, withNewContainer } from './steps/index.js';
import type { ComputeNode, OfInstance, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';

/** The positional arguments of a verb that boots an instance from an image. */
export type BootSubjects = OfInstance &
  Readonly<Record<'context', RequestContext> & Record<'image_meta', ImageMeta>>;

export const spawnVerb: Verb<BootSubjects, SpawnOptions, void> = {
  action: 'spawn',
  lock: 'instance',
  failure: InstanceDeployFailure,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    image_meta: schemas.imageMeta,
  },
  options: schemas.bootOptions,
  run: (node, given) => spawn(node, given.context, given.instance, given.image_meta, given),
};

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
