import type {
  CleanupOptions,
  DestroyOptions,
  Instance,
  NetworkInfo,
  VerbOptions,
} from '../../interfaces/index.js';
import { InstancePowerOffFailure, InstanceTerminationFailure } from '../../interfaces/index.js';
import type { ContainerRef, ContainerSummary } from '../engine/index.js';
import { isImageId } from '../engine/index.js';
import { removeInstanceImages } from '../images/index.js';
import { listContainersOf, removeContainer, stopContainer } from '../instances/index.js';
import { type ComputeNode, type OfInstance, schemas, type Verb } from './definition/index.js';
import { neededForRevert } from './migration/index.js';
import { tryAll } from './steps/index.js';

type Subjects = OfInstance & Readonly<Record<'network_info', NetworkInfo | null>>;

export const destroy: Verb<Subjects, DestroyOptions, void> = {
  action: 'destroy',
  lock: 'instance',
  failure: InstanceTerminationFailure,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, { instance, network_info, destroy_disks = true, signal }) => {
    await removeInstance(node, instance, { network_info, destroy_disks, destroy_vifs: true, signal });
  },
};

export const cleanup: Verb<Subjects, CleanupOptions, void> = {
  action: 'clean up',
  lock: 'instance',
  failure: InstanceTerminationFailure,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, { instance, network_info, destroy_disks = true, destroy_vifs = true, signal }) => {
    await removeInstance(node, instance, { network_info, destroy_disks, destroy_vifs, signal });
  },
};

export const failedSpawnCleanup: Verb<OfInstance, VerbOptions, void> = {
  action: 'clean up',
  lock: 'instance',
  failure: InstanceTerminationFailure,
  arguments: { instance: schemas.instance },
  run: async (node, { instance, signal }) => {
    await removeInstance(node, instance, { ...everything, signal });
  },
};

/** An instance's files are its containers. Returns whether all are removed; throws if a removal fails. */
export const deleteInstanceFiles: Verb<OfInstance, VerbOptions, boolean> = {
  action: 'delete the files of',
  lock: 'instance',
  failure: InstanceTerminationFailure,
  arguments: { instance: schemas.instance },
  run: async (node, { instance, signal }) => {
    await removeInstance(node, instance, { ...everything, signal });
    return (await listContainersOf(node.engine, node.host, instance, signal)).length === 0;
  },
};

/** Which parts of an instance are removed. */
interface RemovalExtent {
  readonly network_info: NetworkInfo | null | undefined;
  /**
   * Whether to remove the containers with their files. If false, they are only stopped and disconnected, so that a
   * later verb or another host finds them.
   */
  readonly destroy_disks: boolean;
  /** Whether to remove the instance's interfaces. */
  readonly destroy_vifs: boolean;
  readonly signal?: AbortSignal | undefined;
}

const everything = { network_info: [], destroy_disks: true, destroy_vifs: true };

/**
 * Removes an instance, or what is left of it. Parts that are already gone are not an error. When the signal aborts, the
 * step in progress still finishes; repeating the verb does the rest.
 *
 * @throws InstancePowerOffFailure when one of its containers may still run, so that Nova keeps its addresses reserved.
 */
async function removeInstance(node: ComputeNode, instance: Instance, extent: RemovalExtent): Promise<void> {
  const { network_info, destroy_disks, destroy_vifs, signal } = extent;
  const needed = await orMayStillRun(instance, signal, () => neededForRevert(node, instance, signal));
  const isToGo = (container: ContainerRef): boolean => destroy_disks && container !== needed;
  const containers = await endContainers(node, instance, isToGo, signal);
  await node.serialConsoles?.close(instance.uuid);
  if (destroy_disks) {
    const images = containers.map(({ ImageID: image }) => image).filter(isImageId);
    await tryAll(
      node,
      instance,
      async () => {
        if (needed === undefined) await node.states.forget(instance.uuid);
      },
      () => removeInstanceImages(node.engine, instance.uuid, images),
      async () => {
        if (destroy_vifs) await node.networks.release(containers, network_info);
      },
    );
  } else if (destroy_vifs) {
    signal?.throwIfAborted();
    await node.networks.disconnect(containers, network_info);
  }
}

async function endContainers(
  node: ComputeNode,
  instance: Instance,
  isToGo: (container: ContainerRef) => boolean,
  signal: AbortSignal | undefined,
): Promise<ContainerSummary[]> {
  const { engine, host, logger } = node;
  return await orMayStillRun(instance, signal, async () => {
    const containers = await listContainersOf(engine, host, instance, signal);
    signal?.throwIfAborted();
    // The signal is ignored from here on: once the containers are gone, nothing records which images and networks they
    // used.
    if (containers.length === 0)
      logger.warn('the instance to destroy has no container on this host', { instance: instance.uuid });
    for (const { Id: container } of containers) {
      if (isToGo(container)) await removeContainer(engine, container);
      else await stopContainer(node, container, { timeout: 0, retry_interval: 0 });
    }
    return containers;
  });
}

/** @throws InstancePowerOffFailure when the work fails; the signal's reason when the signal aborts. */
async function orMayStillRun<T>(
  instance: Instance,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new InstancePowerOffFailure(`Instance ${instance.uuid} may still run: ${why}`, {
      cause: error,
      instance_uuid: instance.uuid,
    });
  }
}
