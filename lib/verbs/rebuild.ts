import type {
  BlockDeviceInfo,
  ImageMeta,
  Instance,
  RebuildOptions,
  RequestContext,
} from '../../interfaces/index.js';
import { InstanceDeployFailure, NotImplementedError } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, ContainerSummary } from '../engine/index.js';
import { removeInstanceImages } from '../images/index.js';
import {
  asideSuffix,
  cleanly,
  findInstance,
  listContainersOf,
  removeContainer,
  settleSwap,
  stopForReplacement,
} from '../instances/index.js';
import { interfacesOf, PluggingWait } from '../network/index.js';
import { raceSignal, Slot } from '../streams/index.js';
import {
  bootPlan,
  completeContainer,
  createPlannedContainer,
  holdImage,
  launchError,
  prepareNetworks,
  restoreOnRollback,
  Rollback,
  startAgain,
  swapIn,
  warnOfLeftovers,
} from './steps/index.js';
import type { BootSubjects, ComputeNode, Controls, Verb } from './definition/index.js';
import { callOrchestrator, schemas, validateArguments } from './definition/index.js';
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
    // Of an instance that is stopped so that the orchestrator can detach its volumes.
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

/**
 * Has the orchestrator detach and attach the volumes. This happens without the instance's lock and without a timeout: its
 * callbacks may call other verbs of the same instance.
 *
 * @param restart - gets the undo of the instance's stop.
 * @returns the instance's disks.
 * @throws InvalidInput when the answer of `attach_block_devices` is malformed.
 */
async function handOverVolumes(
  node: ComputeNode,
  given: BootSubjects & RebuildOptions & Controls,
  restart: Rollback,
): Promise<BlockDeviceInfo | null> {
  const { context, instance, image_meta, bdms = [], evacuate, signal } = given;
  const { detach_block_devices: detach, attach_block_devices: attach, block_device_info = null } = given;
  if (detach === undefined && attach === undefined) return block_device_info;
  // `attach_block_devices` returns the disks later, so they cannot be validated yet.
  const disks = attach === undefined ? block_device_info : null;
  const losesVolumes =
    evacuate !== true && bdms.some(({ destination_type: destination }) => destination === 'volume');
  const stop = async (container: ContainerInspect): Promise<void> => {
    if (container.State.Running)
      restart.pushRestore('the stop of the instance', async () => {
        // After an abort, too: the lock may be free, and another verb may have it.
        await given.acquireLock(AbortSignal.timeout(longestLockWait));
        await startAgain(node, container);
      });
    await stopForReplacement(node, container.Id, { ...cleanly(container), signal });
  };
  await prepareRebuild(node, context, instance, image_meta, {
    ...given,
    block_device_info: disks,
    stop: losesVolumes ? stop : undefined,
  });
  given.releaseLock();
  const handedOver = await callOrchestrator(async () => {
    if (detach !== undefined) await raceSignal(detach(context, bdms), signal);
    if (attach === undefined) return block_device_info;
    return await raceSignal(attach(context, instance, bdms), signal);
  });
  await given.acquireLock();
  validateArguments(answers, { 'the answer of attach_block_devices': handedOver });
  return handedOver;
}

/** Milliseconds that the restart of an instance waits for its lock. */
const longestLockWait = 60_000;

const answers = { 'the answer of attach_block_devices': schemas.blockDeviceInfo };

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
 * Replaces an instance's container by one from another image, as a destroy followed by a spawn does in Nova.
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

/**
 * Validates a rebuild as far as possible in advance: the image can be loaded and fits, the networks can be used, files
 * and disks are valid. Then, like Nova, stops the instance cleanly if it has volumes that the orchestrator is about to
 * detach.
 *
 * @throws what spawn throws.
 */
async function prepareRebuild(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  {
    stop,
    ...options
  }: Omit<RebuildPlan, 'evacuate'> & {
    readonly stop: ((container: ContainerInspect) => Promise<void>) | undefined;
  },
): Promise<void> {
  const { networks } = node;
  await bootPlan(node, context, instance, image_meta, options);
  await node.imageLoader.load(context, image_meta.id, options);
  const container = await findInstance(node.engine, node.host, instance, options.signal);
  const wiring = await networks.prepare(options.network_info, options.signal);
  try {
    if (stop !== undefined && container !== undefined) await stop(container);
  } finally {
    await networks.abandon(wiring);
  }
}

async function replace(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  old: ContainerInspect,
  image_meta: ImageMeta,
  options: RebuildPlan,
): Promise<void> {
  const { engine, host, launches, virtapi, policy, logger } = node;
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
  let container: ContainerId | undefined;
  let plugging: PluggingWait | undefined;
  try {
    using slot = await Slot.acquire(launches, signal);
    container = await createPlannedContainer(node, plan, { image, wiring, slot }, rollback);
    await completeContainer(node, plan, wiring, container);
    slot.release();
    // An orchestrator that does not listen must not cost the instance its uptime.
    plugging = await PluggingWait.begin(virtapi, instance, network_info, { ...policy, logger, signal });
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
