import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import { InstanceDeployFailure } from '../../interfaces/index.js';
import { validateNoAccelerators } from '../instances/index.js';
import { PluggingWait } from '../network/index.js';
import type { BootSubjects, ComputeNode, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import { bootPlan, createInstance, holdImage, prepareNetworks, Rollback } from './steps/index.js';

export const spawn: Verb<BootSubjects, SpawnOptions, void> = {
  action: 'spawn',
  lock: 'instance',
  failure: InstanceDeployFailure,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    image_meta: schemas.imageMeta,
  },
  options: schemas.bootOptions,
  run: (node, given) => spawnInstance(node, given.context, given.instance, given.image_meta, given),
};

/**
 * Boots an instance. A failure is rolled back.
 *
 * The container is created at once from the reference that belongs to the image's id, and the image is loaded only if
 * the engine reports that it is missing. With a cached image, and without networks, files and volumes, a spawn sends
 * the engine two requests.
 */
export async function spawnInstance(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  options: SpawnOptions,
): Promise<void> {
  const { policy, logger } = node;
  const { network_info, signal } = options;
  validateNoAccelerators(options.accel_info);
  const plan = await bootPlan(node, context, instance, image_meta, options);
  await using rollback = new Rollback(node, instance.uuid);
  const image = await holdImage(node, plan, rollback);
  const wiring = await prepareNetworks(node, plan, rollback);
  const virtapi = plan.power_on ? node.virtapi : undefined;
  const plugging = await PluggingWait.begin(virtapi, instance, network_info, { ...policy, logger, signal });
  try {
    await createInstance(node, plan, { image, wiring }, rollback);
  } catch (error) {
    plugging?.fail(error);
    throw error;
  }
  await plugging?.reported();
  rollback.complete();
}
