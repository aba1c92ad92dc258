import type { BlockDeviceInfo, RebuildOptions, SpawnOptions } from '../../../interfaces/index.js';
import { cleanly, findInstance, stopForReplacement } from '../../instances/index.js';
import { raceSignal } from '../../streams/index.js';
import type { BootSubjects, ComputeNode, Controls } from '../definition/index.js';
import { callOrchestrator, schemas, validateArguments } from '../definition/index.js';
import { bootPlan } from './boot-plan.js';
import { startAgain } from './connect-and-start.js';
import type { Rollback } from './rollback.js';

/** The arguments of a rebuild. */
type RebuildArguments = BootSubjects & RebuildOptions & Controls;

/** Milliseconds that the restart of an instance waits for its lock. */
const longestLockWaitMs = 60_000;

const answers = { 'the answer of attach_block_devices': schemas.blockDeviceInfo };

/**
 * Has the orchestrator detach and attach the volumes of an instance that is rebuilt; no-op without its callbacks. Like
 * Nova, it first stops the instance cleanly if it has volumes to lose.
 *
 * The callbacks run without the instance's lock and without a timeout: they may call other verbs of the same instance.
 *
 * @param restart - gets the undo of the instance's stop.
 * @returns the instance's disks.
 * @throws what spawn throws; InvalidInput when the answer of `attach_block_devices` is malformed.
 */
export async function handOverVolumes(
  node: ComputeNode,
  given: RebuildArguments,
  restart: Rollback,
): Promise<BlockDeviceInfo | null> {
  const { context, instance, bdms = [], evacuate, signal } = given;
  const { detach_block_devices: detach, attach_block_devices: attach, block_device_info = null } = given;
  if (detach === undefined && attach === undefined) return block_device_info;
  // `attach_block_devices` returns the disks later, so they cannot be validated yet.
  const disks = attach === undefined ? block_device_info : null;
  await validateBeforeDetach(node, given, { ...given, block_device_info: disks });
  const hasVolumes = bdms.some(({ destination_type: destination }) => destination === 'volume');
  if (hasVolumes && evacuate !== true) await stopForDetach(node, given, restart);
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

/**
 * Validates a rebuild as far as possible before a volume is detached: the image can be loaded and fits, the networks
 * can be used, files and disks are valid. The plan and the networks are made again once the volumes are known.
 *
 * @throws what spawn throws.
 */
async function validateBeforeDetach(
  node: ComputeNode,
  { context, instance, image_meta }: BootSubjects,
  options: SpawnOptions,
): Promise<void> {
  const { networks } = node;
  await bootPlan(node, context, instance, image_meta, options);
  await node.imageLoader.load(context, image_meta.id, options);
  await networks.abandon(await networks.prepare(options.network_info, options.signal));
}

/** Stops the instance cleanly, so that its volumes can be detached. */
async function stopForDetach(node: ComputeNode, given: RebuildArguments, restart: Rollback): Promise<void> {
  const { instance, signal } = given;
  const container = await findInstance(node.engine, node.host, instance, signal);
  if (container === undefined) return;
  if (container.State.Running)
    restart.pushRestore('the stop of the instance', async () => {
      // Uses its own timeout: the caller's signal may have aborted.
      await given.acquireLock(AbortSignal.timeout(longestLockWaitMs));
      await startAgain(node, container);
    });
  await stopForReplacement(node, container.Id, { ...cleanly(container), signal });
}
