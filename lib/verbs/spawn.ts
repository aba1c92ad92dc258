import { randomBytes } from 'node:crypto';
import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  SpawnOptions,
} from '../../interfaces/index.js';
import type { ContainerId } from '../engine/index.js';
import { isNoSuchImage, isNoSuchNetwork } from '../engine/index.js';
import { bootReference } from '../images/index.js';
import type { SpawnAttempt } from '../instances/index.js';
import {
  acceleratorsMustBeNone,
  adoptName,
  blamedOnImage,
  blockDeviceMounts,
  configDriveFiles,
  containerName,
  containerPartName,
  containerSpecification,
  createContainer,
  discardAttempt,
  imageMustFit,
  instanceFiles,
  spawning,
  startContainer,
  Undo,
  withMounts,
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
  const { power_on = true, signal, onProgress } = options;
  const network_info = options.network_info ?? [];
  imageMustFit(image_meta, instance.flavor);
  acceleratorsMustBeNone(options.accel_info);
  const mounts = await blockDeviceMounts(node, instance, options.block_device_info, signal);
  const drive = configDriveFiles(instance, image_meta, options, node.policy);
  const files = instanceFiles(instance, options.injected_files ?? [], options.admin_password, drive);
  const name = containerName(instance.uuid);
  const names = [name, containerPartName(instance.uuid, spawning)];
  const attempt = newAttempt(node.host, power_on);
  const undo = new Undo(node.logger);
  try {
    const wiring = await node.networks.prepare(network_info, signal);
    undo.push('its networks', () => node.networks.abandon(wiring));
    const specification = withMounts(
      containerSpecification(
        instance,
        { meta: image_meta, reference: bootReference(image_meta.id) },
        node.networks.specification(wiring),
        attempt,
        node.policy,
      ),
      mounts,
    );

    let creationFailure: unknown;
    undo.push('its container', () => discardAttempt(node.engine, names, attempt, creationFailure));
    const create = async (): Promise<ContainerId> => {
      const first = power_on ? name : containerPartName(instance.uuid, spawning);
      try {
        return await node.rootDisks.create(instance.flavor, specification, (sized) =>
          createContainer(node.engine, first, instance, sized, attempt),
        );
      } catch (error) {
        creationFailure = error;
        throw error;
      }
    };
    const launch = async (): Promise<void> => {
      const container = await create();
      signal?.throwIfAborted();
      await node.networks.connectFurther(container, wiring);
      await writeFiles(node.engine, container, files, node.logger);
      signal?.throwIfAborted();
      if (power_on) {
        onProgress?.({ phase: 'starting', bytes: 0 });
        await startInNetworks(node, container, network_info);
      } else await adoptName(node.engine, container, name, instance);
      signal?.throwIfAborted();
    };

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
    throw blamedOnImage(error);
  }
}

function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}

/** Another host's driver on the same engine may have removed a network after the look and before the container was in it: it is made anew, once. */
async function startInNetworks(
  node: ComputeNode,
  container: ContainerId,
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
