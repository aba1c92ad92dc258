import { randomBytes } from 'node:crypto';
import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  SpawnOptions,
} from '../../interfaces/index.js';
import type { ContainerRef } from '../engine/index.js';
import { isNoSuchImage, isNoSuchNetwork } from '../engine/index.js';
import { bootReference } from '../images/index.js';
import type { Birth } from '../instances/index.js';
import {
  containerName,
  containerSpecification,
  createContainer,
  discardAttempt,
  imageMustFit,
  instanceFiles,
  startContainer,
  Undo,
  writeFiles,
} from '../instances/index.js';
import { takeTurn } from '../streams/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Boots an instance, or leaves the host as it was.
 *
 * The container is created at once from the reference that belongs to the image's id. Only an engine that has no such image gets it loaded: an
 * instance whose image is there costs the engine two requests.
 */
export async function spawn(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  options: SpawnOptions,
): Promise<void> {
  const { network_info = [], power_on = true, signal, onProgress } = options;
  imageMustFit(image_meta, instance.flavor);
  const reference = bootReference(image_meta.id);
  const files = instanceFiles(instance, options.injected_files ?? [], options.admin_password);
  const birth: Birth = { host: node.host, attempt: `tmp-${randomBytes(16).toString('hex')}`, power_on };
  const undo = new Undo(node.logger);
  try {
    const wiring = await node.networks.prepare(network_info ?? [], signal);
    undo.push('its networks', () => node.networks.abandon(wiring));

    const network = node.networks.specification(wiring);
    const specification = containerSpecification(
      instance,
      { meta: image_meta, reference },
      network,
      birth,
      node.policy,
    );
    const container = containerName(instance.uuid);
    const launch = async (): Promise<void> => {
      await createContainer(node.engine, instance, specification, birth);
      signal?.throwIfAborted();
      await node.networks.connectFurther(container, wiring);
      await writeFiles(node.engine, container, files, node.logger);
      signal?.throwIfAborted();
      onProgress?.({ phase: 'starting', bytes: 0 });
      if (power_on) await startInNetworks(node, container, network_info ?? []);
      signal?.throwIfAborted();
    };

    undo.push('its container', () => discardAttempt(node.engine, instance, birth));
    try {
      await takeTurn(node.launches, signal, launch);
    } catch (error) {
      if (!isNoSuchImage(error)) throw error;
      await node.imageLoader.load(context, image_meta.id, { signal, onProgress });
      await takeTurn(node.launches, signal, launch);
    }
    node.networks.keep(wiring);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** Another host's driver on the same engine may have removed a network after the look and before the container was in it: it is made anew, once. */
async function startInNetworks(
  node: ComputeNode,
  container: ContainerRef,
  network_info: NetworkInfo,
): Promise<void> {
  try {
    await startContainer(node.engine, container);
  } catch (error) {
    if (!isNoSuchNetwork(error)) throw error;
    const wiring = await node.networks.prepare(network_info);
    try {
      await startContainer(node.engine, container);
    } finally {
      node.networks.keep(wiring);
    }
  }
}
