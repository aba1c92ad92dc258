import type {
  BlockDeviceInfo,
  ImageMeta,
  Instance,
  RebuildOptions,
  RequestContext,
} from '../../interfaces/index.js';
import { InstanceDeployFailure, NotImplementedError } from '../../interfaces/index.js';
import type { ContainerInspect, ContainerSummary } from '../engine/index.js';
import { removeInstanceImages } from '../images/index.js';
import {
  asideSuffix,
  cleanly,
  listContainersOf,
  removeContainer,
  settleSwap,
  stopForReplacement,
} from '../instances/index.js';
import { interfacesOf, PluggingWait } from '../network/index.js';
import {
  bootPlan,
  createBeside,
  handOverVolumes,
  holdImage,
  launchError,
  prepareNetworks,
  restoreOnRollback,
  Rollback,
  swapIn,
  warnOfLeftovers,
} from './steps/index.js';
import type { BootSubjects, ComputeNode, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import { spawnInstance } from './spawn.js';

export const rebuild: Verb<BootSubjects, RebuildOptions, void> = {
  action: 'rebuild',
  lock: 'instance',
  failure: InstanceDeployFailure,
  arguments: {
    context: schemas.unread,
    instance: schemas.bootableInstance,
    image_meta: schemas.imageMeta,
  },
  options: {
    ...schemas.bootOptions,
    bdms: schemas.blockDeviceMappings.optional(),
    detach_block_devices: schemas.callback.optional(),
    attach_block_devices: schemas.callback.optional(),
  },
  run: async (node, given) => {
    validateRebuildOptions(given);
    const { context, instance, image_meta, evacuate = false } = given;
    // Restarts the instance if a later step fails.
    await using restart = new Rollback(node, instance.uuid);
    const block_device_info = await handOverVolumes(node, given, restart);
    await rebuildInstance(node, context, instance, image_meta, { ...given, block_device_info, evacuate });
    restart.complete();
  },
};

/** @throws NotImplementedError when disks are to be kept, or accelerators attached. */
function validateRebuildOptions({
  preserve_ephemeral,
  reimage_boot_volume,
  accel_uuids,
}: RebuildOptions): void {
  if (preserve_ephemeral === true || reimage_boot_volume === true)
    throw new NotImplementedError(
      'A rebuild cannot keep disks: call it without preserve_ephemeral and reimage_boot_volume',
    );
  if ((accel_uuids ?? []).length > 0)
    throw new NotImplementedError(
      'This driver does not support accelerators: call rebuild without accel_uuids',
    );
}

/** What a rebuilt instance gets, apart from its image and flavor. */
interface RebuildPlan extends Pick<
  RebuildOptions,
  'injected_files' | 'admin_password' | 'allocations' | 'network_info' | 'signal' | 'onProgress'
> {
  readonly block_device_info: BlockDeviceInfo | null;
  /** Whether the instance is rebuilt here because its former host failed. */
  readonly evacuate: boolean;
}

/**
 * Replaces an instance's container by one from another image, as a destroy followed by a spawn does in Nova. On
 * evacuation, or without a container on this host, it spawns the instance.
 *
 * The instance keeps running until the new container is ready, so an image that cannot be booted or an interface that
 * cannot be created does no harm. Then the instance is stopped cleanly; its old container is removed once the new one
 * runs. A failure before that is rolled back.
 *
 * @throws what spawn throws.
 */
export async function rebuildInstance(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  plan: RebuildPlan,
): Promise<void> {
  const { current } = await settleSwap(node.engine, node.host, instance, plan.signal);
  if (current === undefined || plan.evacuate) await spawnInstance(node, context, instance, image_meta, plan);
  else await replace(node, context, instance, current, image_meta, plan);
}

async function replace(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  old: ContainerInspect,
  image_meta: ImageMeta,
  options: RebuildPlan,
): Promise<void> {
  const { engine, host, virtapi, policy, logger } = node;
  const { signal, onProgress } = options;
  const network_info = options.network_info ?? (await interfacesOf(engine, old, signal));
  const beside = { ...options, network_info, power_on: false };
  const plan = await bootPlan(node, context, instance, image_meta, beside);
  const replaced = { instance, old, aside: asideSuffix.replaced, network_info, signal, onProgress };
  const before = await listContainersOf(engine, host, instance, signal);
  await using rollback = new Rollback(node, instance.uuid);
  await restoreOnRollback(node, replaced, rollback);
  const image = await holdImage(node, plan, rollback);
  const wiring = await prepareNetworks(node, plan, rollback);
  const container = await createBeside(node, plan, { image, wiring }, rollback);
  // Begin before the stop: if the orchestrator fails here, the instance still runs.
  const plugging = await PluggingWait.begin(virtapi, instance, network_info, { ...policy, logger, signal });
  try {
    await stopForReplacement(node, old.Id, { ...cleanly(old), signal });
    await swapIn(node, container, replaced);
    await plugging?.reported();
  } catch (error) {
    plugging?.fail(error);
    throw await launchError(node, plan, container, error);
  }
  rollback.complete();
  await removeReplaced(node, instance, old, before);
}

/**
 * Removes everything of the former instance: its container, its original container if it was rescued, their images and
 * networks, and its stored state. The verb has succeeded, so a failure is logged only.
 */
async function removeReplaced(
  node: ComputeNode,
  instance: Instance,
  old: ContainerInspect,
  before: readonly ContainerSummary[],
): Promise<void> {
  const { engine, networks, states } = node;
  try {
    for (const { Id: container } of before) await removeContainer(engine, container);
    await removeInstanceImages(engine, instance.uuid, [old.Image]);
    await states.forget(instance.uuid);
    await networks.release(before, []);
  } catch (error) {
    warnOfLeftovers(node, instance, 'the replaced container', error);
  }
}
