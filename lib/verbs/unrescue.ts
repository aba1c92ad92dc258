import type { Instance, LongRunningOptions, NetworkInfo } from '../../interfaces/index.js';
import { InstanceNotFound } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, NetworkPart } from '../engine/index.js';
import { instanceReference, removeReplacedImage, transferFolder } from '../images/index.js';
import {
  adoptName,
  containerName,
  containerPartName,
  hasRescuedFolder,
  mountedPaths,
  part,
  putBack,
  recreatedContainer,
  rescuedFolder,
  rescuedNetworks,
  settleParts,
  startContainer,
  stopContainer,
  Undo,
} from '../instances/index.js';
import type { Wiring } from '../network/index.js';
import type { ComputeNode } from './compute-node.js';
import { connectAndStart } from './connect-and-start.js';
import { newAttempt, prepareContainer } from './prepare-container.js';

/**
 * Lets a rescued instance be itself again, with its files as they are below `/rescued` by now, and starts it.
 *
 * Files cannot be taken out of a container that does not run, so what is below `/rescued` becomes an image of the engine, and the instance gets a container of it that is like its
 * own in all else: configuration, interfaces, volumes. Its own and the rescue container are removed only then. When something fails, the instance is rescued as it was. May be
 * repeated; an instance that is not rescued is started.
 *
 * @throws InstanceNotFound when there is no such instance.
 */
export async function unrescue(
  node: ComputeNode,
  instance: Instance,
  options: LongRunningOptions,
): Promise<void> {
  const { engine, host, logger } = node;
  const { current, rescued } = await settleParts(engine, host, instance);
  if (current === undefined)
    throw new InstanceNotFound(`Instance ${instance.uuid} could not be found`, {
      instance_uuid: instance.uuid,
    });
  if (rescued === undefined) {
    await connectAndStart(node, current, instance.info_cache?.network_info, options.signal);
    return;
  }
  const network_info = rescuedNetworks(current);
  const undo = new Undo(logger);
  undo.push('that the instance is rescued', () => putBack(engine, instance, current));
  let container: ContainerId;
  try {
    await stopContainer(engine, current.Id, { timeout: 0, retry_interval: 0, signal: options.signal });
    const returning = await comeBack(node, { instance, current, rescued, network_info }, options, undo);
    container = returning?.container ?? rescued.Id;
    options.signal?.throwIfAborted();
    await adoptName(engine, current.Id, containerPartName(instance.uuid, part.rescuing), instance);
    await adoptName(engine, container, containerName(instance.uuid), instance);
    if (returning !== undefined) node.networks.keep(returning.wiring);
  } catch (error) {
    await undo.run();
    throw error;
  }
  await settleParts(engine, host, instance);
  if (container !== rescued.Id) await removeReplacedImage(engine, rescued.Image);
  options.onProgress?.({ phase: 'starting', bytes: 0 });
  await node.networks.startIn(container, network_info, () => startContainer(engine, container));
}

/** Who is to come back. */
interface Rescued {
  readonly instance: Instance;
  /** The rescue container. */
  readonly current: ContainerInspect;
  readonly rescued: ContainerInspect;
  readonly network_info: NetworkInfo;
}

/** @returns a container with what is below `/rescued`; undefined when that is gone: the instance's own container is as it was. */
async function comeBack(
  node: ComputeNode,
  { instance, current, rescued, network_info }: Rescued,
  { signal, onProgress }: LongRunningOptions,
  undo: Undo,
): Promise<{ readonly container: ContainerId; readonly wiring: Wiring } | undefined> {
  const { engine, host, logger } = node;
  if (!(await hasRescuedFolder(engine, current.Id, signal))) {
    logger.warn(`the rescued instance has no ${rescuedFolder} any more: it comes back as it was`, {
      instance: instance.uuid,
    });
    return undefined;
  }
  await transferFolder({
    source: engine,
    destination: engine,
    container: current.Id,
    folder: rescuedFolder,
    volumes: mountedPaths(rescued),
    like: rescued.Image,
    uuid: instance.uuid,
    host,
    logger,
    signal,
    onProgress,
  });
  const configuration = await engine.containers.configuration(rescued.Id, { signal });
  const attempt = newAttempt(host, false);
  const other = { id: rescued.Id, labels: rescued.Config.Labels };
  const plan = {
    instance,
    network_info,
    attempt,
    specification: (network: NetworkPart) =>
      recreatedContainer(configuration, other, instanceReference(instance.uuid), network, attempt),
    sized: false,
    signal,
  };
  const { wiring, launch } = await prepareContainer(node, plan, undo);
  return { container: await launch((made) => Promise.resolve(made)), wiring };
}
