import type { Instance, LongRunningOptions } from '../../interfaces/index.js';
import { InstanceInvalidState, InstanceNotFound, NovaException } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import {
  instanceReference,
  removeInstanceImages,
  removeReplacedImage,
  transferFolder,
} from '../images/index.js';
import {
  hasRescuedFolder,
  mountedPaths,
  part,
  recreatedContainer,
  rescuedFolder,
  rescuedNetworks,
  recoverInterruptedSwap,
  stopForReplacement,
} from '../instances/index.js';
import type { ComputeNode, OfInstance, Verb } from './definition/index.js';
import { schemas } from './definition/index.js';
import type { ContainerPlan, CopyBounds, Replaced, Rollback } from './steps/index.js';
import {
  connectAndStart,
  copyBounds,
  filesMustBeCopyable,
  restoreOnFailure,
  swapIn,
  swapBack,
  logFailure,
  withRollback,
  withNewContainer,
} from './steps/index.js';

export const unrescueVerb: Verb<OfInstance, LongRunningOptions, void> = {
  action: 'unrescue',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.connectedInstance },
  run: (node, given) => unrescue(node, given.instance, given),
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
export async function unrescue(
  node: ComputeNode,
  instance: Instance,
  options: LongRunningOptions,
): Promise<void> {
  const { engine, host, logger } = node;
  const { current, rescued } = await recoverInterruptedSwap(engine, host, instance, options.signal);
  if (current === undefined)
    throw new InstanceNotFound(`Instance ${instance.uuid} could not be found`, {
      instance_uuid: instance.uuid,
    });
  if (rescued === undefined) {
    await connectAndStart(node, current, instance.info_cache?.network_info, options.signal);
    return;
  }
  const { signal, onProgress } = options;
  const network_info = rescuedNetworks(current);
  const bounds = await copyBounds(node, instance, instance.flavor, rescued.Image, signal);
  const copied = {
    container: current.Id,
    limit: bounds.limit,
    folder: rescuedFolder,
    leftOut: mountedPaths(rescued),
    signal,
  };
  await filesMustBeCopyable(node, instance, copied, InstanceInvalidState);
  const replaced = { instance, old: current, aside: part.rescuing, network_info, signal, onProgress };
  // Fails before the instance is stopped, if the networks cannot be used.
  const wiring = await node.networks.prepare(network_info, signal);
  try {
    await restoreOnFailure(node, replaced, async () => {
      await stopForReplacement(engine, current.Id, { timeout: 0, retry_interval: 0, signal });
      if (await hasRescuedFolder(engine, current.Id, signal))
        await withRollback(logger, (undo) => comeBackChanged(node, rescued, replaced, bounds, undo));
      else {
        logger.warn(`the rescued instance has no ${rescuedFolder} any more: it comes back as it was`, {
          instance: instance.uuid,
        });
        await swapBack(node, rescued, replaced);
      }
    });
  } finally {
    node.networks.keep(wiring);
  }
  await logFailure(node, instance, 'what the instance was while it was rescued', async () => {
    await recoverInterruptedSwap(engine, host, instance);
    await removeReplacedImage(engine, rescued.Image);
  });
}

/**
 * Creates an image from the files below `/rescued`, and from it a container that is otherwise like the original one.
 */
async function comeBackChanged(
  node: ComputeNode,
  rescued: ContainerInspect,
  replaced: Replaced,
  bounds: CopyBounds,
  undo: Rollback,
): Promise<void> {
  const { engine, host, logger } = node;
  const { instance, old: current, network_info, signal, onProgress } = replaced;
  undo.push('the image of its files', () => removeInstanceImages(engine, instance.uuid));
  await transferFolder({
    source: engine,
    destination: engine,
    container: current.Id,
    folder: rescuedFolder,
    volumes: mountedPaths(rescued),
    like: rescued.Image,
    uuid: instance.uuid,
    ...bounds,
    host,
    logger,
    signal,
    onProgress,
  });
  const configuration = await engine.containers.configuration(rescued.Id, { signal });
  const own = { id: rescued.Id, labels: rescued.Config.Labels };
  const plan: ContainerPlan = {
    instance,
    network_info,
    power_on: false,
    specification: (network, attempt) =>
      recreatedContainer(
        configuration,
        own,
        instanceReference(instance.uuid),
        network,
        attempt,
        node.policy.logs,
      ),
    sized: false,
    signal,
    onProgress,
  };
  await withNewContainer(node, plan, async (beside) => swapIn(node, await beside.make(), replaced));
}
