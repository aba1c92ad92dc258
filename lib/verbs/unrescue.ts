import type { Instance, LongRunningOptions } from '../../interfaces/index.js';
import { InstanceInvalidState, NovaException } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import {
  instanceReference,
  removeInstanceImages,
  removeReplacedImage,
  transferFolder,
} from '../images/index.js';
import {
  asideSuffix,
  hasRescuedFolder,
  instanceNotFound,
  mountedPaths,
  recreatedContainer,
  rescuedFolder,
  rescuedNetworks,
  settleSwap,
  stopForReplacement,
} from '../instances/index.js';
import type { ComputeNode, OfInstance, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import type { ContainerPlan, CopyBounds, Replaced } from './steps/index.js';
import {
  connectAndStart,
  copyBounds,
  createBeside,
  validateFilesCopyable,
  launchError,
  newAttempt,
  prepareNetworks,
  restoreOnRollback,
  Rollback,
  swapBack,
  swapIn,
  warnOfLeftovers,
} from './steps/index.js';

export const unrescue: Verb<OfInstance, LongRunningOptions, void> = {
  action: 'unrescue',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.connectedInstance },
  run: (node, given) => unrescueInstance(node, given.instance, given),
};

/**
 * Ends a rescue: the instance gets its own configuration back, with the files that are below `/rescued` now, and is
 * started.
 *
 * An engine cannot delete files in a stopped container, so copying back would not be enough: the files below `/rescued`
 * become an image of the engine. The instance gets a container from that image with the configuration, interfaces and
 * volumes of its original container. Only then are the original and the rescue container removed. A failure is rolled
 * back: the instance stays rescued. Idempotent; an instance that is not rescued is started.
 *
 * The files are always copied, changed or not: to detect a change would take a digest of every file before and after,
 * and a place to store it.
 *
 * @throws InstanceNotFound when there is no such instance; InstanceInvalidState when its files are too large or nested
 * too deep to be copied: it stays rescued.
 */
export async function unrescueInstance(
  node: ComputeNode,
  instance: Instance,
  options: LongRunningOptions,
): Promise<void> {
  const { engine, host, logger } = node;
  const { current, rescued } = await settleSwap(engine, host, instance, options.signal);
  if (current === undefined) throw instanceNotFound(instance);
  if (rescued === undefined) {
    await connectAndStart(node, current, instance.info_cache?.network_info, options.signal);
    return;
  }
  const { signal, onProgress } = options;
  const network_info = rescuedNetworks(current);
  const bounds = await copyBounds(node, instance, instance.flavor, rescued.Image, signal);
  const excludedPaths = mountedPaths(rescued);
  const copy = { kind: 'layer of a folder', folder: rescuedFolder, excludedPaths } as const;
  const copied = { container: current.Id, maxBytes: bounds.maxBytes, copy, signal };
  await validateFilesCopyable(node, instance, copied, InstanceInvalidState);
  const replaced = { instance, old: current, aside: asideSuffix.rescuing, network_info, signal, onProgress };
  await using rollback = new Rollback(node, instance.uuid);
  // Fails before the instance is stopped, if the networks cannot be used.
  await prepareNetworks(node, { network_info, signal }, rollback);
  await restoreOnRollback(node, replaced, rollback);
  await stopForReplacement(node, current.Id, { timeout: 0, retry_interval: 0, signal });
  if (await hasRescuedFolder(engine, current.Id, signal)) {
    rollback.push('the creation of an image of its files', () => removeInstanceImages(engine, instance.uuid));
    await transferRescuedFiles(node, rescued, replaced, bounds);
    await comeBackChanged(node, rescued, replaced, rollback);
  } else {
    logger.warn(
      `the rescue container has no ${rescuedFolder}: starting the instance with the files from before the rescue`,
      {
        instance: instance.uuid,
      },
    );
    await swapBack(node, rescued, replaced);
  }
  rollback.complete();
  try {
    await settleSwap(engine, host, instance);
    await removeReplacedImage(engine, rescued.Image);
  } catch (error) {
    warnOfLeftovers(node, instance, 'the rescue container', error);
  }
}

/** Creates an image from the files below `/rescued`. */
async function transferRescuedFiles(
  node: ComputeNode,
  rescued: ContainerInspect,
  replaced: Replaced,
  bounds: CopyBounds,
): Promise<void> {
  const { engine, host, logger } = node;
  const { instance, old: current, signal, onProgress } = replaced;
  await transferFolder({
    source: engine,
    destination: engine,
    container: current.Id,
    folder: rescuedFolder,
    excludedPaths: mountedPaths(rescued),
    like: rescued.Image,
    uuid: instance.uuid,
    ...bounds,
    host,
    logger,
    signal,
    onProgress,
  });
}

/**
 * Creates a container from the image of the files that is otherwise like the original one, and makes it the instance.
 */
async function comeBackChanged(
  node: ComputeNode,
  rescued: ContainerInspect,
  replaced: Replaced,
  rollback: Rollback,
): Promise<void> {
  const { engine, host, policy } = node;
  const { instance, network_info, signal, onProgress } = replaced;
  const configuration = await engine.containers.configuration(rescued.Id, { signal });
  const own = { id: rescued.Id, labels: rescued.Config.Labels };
  const reference = instanceReference(instance.uuid);
  const attempt = newAttempt(host, false);
  const plan: ContainerPlan = {
    instance,
    network_info,
    power_on: false,
    attempt,
    specification: recreatedContainer(configuration, own, reference, attempt, policy),
    sized: false,
    signal,
    onProgress,
  };
  const wiring = await prepareNetworks(node, plan, rollback);
  const container = await createBeside(node, plan, { image: undefined, wiring }, rollback);
  try {
    await swapIn(node, container, replaced);
  } catch (error) {
    throw await launchError(node, plan, container, error);
  }
}
