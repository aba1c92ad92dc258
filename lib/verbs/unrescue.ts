import type { Instance, LongRunningOptions } from '../../interfaces/index.js';
import { InstanceInvalidState, InstanceNotFound } from '../../interfaces/index.js';
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
  settleParts,
  stopForReplacement,
} from '../instances/index.js';
import type { ComputeNode } from './definition/index.js';
import type { ContainerPlan, CopyBounds, Replaced, Undo } from './steps/index.js';
import {
  connectAndStart,
  copyBounds,
  filesMustBeCopyable,
  orAsItWas,
  takePlace,
  takePlaceAgain,
  tidyUp,
  undoneOnFailure,
  withNewContainer,
} from './steps/index.js';

/**
 * Lets a rescued instance be itself again, with its files as they are below `/rescued` by now, and starts it.
 *
 * Files cannot be taken out of a container that does not run, so what is below `/rescued` becomes an image of the
 * engine, and the instance gets a container of it that is like its own in all else: configuration, interfaces, volumes.
 * Its own and the rescue container are removed only then. When something fails, the instance is rescued as it was. May
 * be repeated; an instance that is not rescued is started. Whether anything was changed is not checked: that would take
 * a digest of every file at both times, and a place to keep it.
 *
 * @throws InstanceNotFound when there is no such instance; InstanceInvalidState when its files are too large to be
 * copied, or lie too deep: it stays rescued.
 */
export async function unrescue(
  node: ComputeNode,
  instance: Instance,
  options: LongRunningOptions,
): Promise<void> {
  const { engine, host, logger } = node;
  const { current, rescued } = await settleParts(engine, host, instance, options.signal);
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
  // Refused before the instance is stopped, where they cannot be had.
  const wiring = await node.networks.prepare(network_info, signal);
  try {
    await orAsItWas(node, replaced, async () => {
      await stopForReplacement(engine, current.Id, { timeout: 0, retry_interval: 0, signal });
      if (await hasRescuedFolder(engine, current.Id, signal))
        await undoneOnFailure(logger, (undo) => comeBackChanged(node, rescued, replaced, bounds, undo));
      else {
        logger.warn(`the rescued instance has no ${rescuedFolder} any more: it comes back as it was`, {
          instance: instance.uuid,
        });
        await takePlaceAgain(node, rescued, replaced);
      }
    });
  } finally {
    node.networks.keep(wiring);
  }
  await tidyUp(node, instance, 'what the instance was while it was rescued', async () => {
    await settleParts(engine, host, instance);
    await removeReplacedImage(engine, rescued.Image);
  });
}

/**
 * Makes an image of what is below `/rescued`, and a container of that, which is like the instance's own in all else.
 */
async function comeBackChanged(
  node: ComputeNode,
  rescued: ContainerInspect,
  replaced: Replaced,
  bounds: CopyBounds,
  undo: Undo,
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
  await withNewContainer(node, plan, async (beside) => takePlace(node, await beside.make(), replaced));
}
