import { randomBytes } from 'node:crypto';
import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import type { ContainerId } from '../engine/index.js';
import { isNoSuchImage } from '../engine/index.js';
import type { SpawnAttempt } from '../instances/index.js';
import {
  acceleratorsMustBeNone,
  adoptName,
  blamedOnImage,
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
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
import { whilePlugging } from '../network/index.js';
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
  const { power_on = true, network_info, signal, onProgress } = options;
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
    const image = await node.imageLoader.hold(image_meta.id, signal);
    undo.push('its image', image.abandon);
    const wiring = await node.networks.prepare(network_info, signal);
    undo.push('its networks', () => node.networks.abandon(wiring));
    const specification = withMounts(
      containerSpecification(
        instance,
        { meta: image_meta, reference: image.reference },
        node.networks.specification(wiring),
        attempt,
        node.policy,
      ),
      [...mounts, ...configDriveMounts(drive, node.host, instance)],
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
        await node.networks.startIn(container, network_info, () => startContainer(node.engine, container));
      } else await adoptName(node.engine, container, name, instance);
      signal?.throwIfAborted();
    };
    const launchLoaded = async (): Promise<void> => {
      try {
        await takeTurn(node.launches, signal, launch);
      } catch (error) {
        if (!isNoSuchImage(error)) throw error;
        await image.load(context, { signal, onProgress });
        await takeTurn(node.launches, signal, launch);
      }
    };

    await whilePlugging(
      power_on ? node.virtapi : undefined,
      instance,
      network_info,
      { ...node.vifPlugging, signal },
      launchLoaded,
    );
    node.networks.keep(wiring);
    image.keep();
  } catch (error) {
    await undo.run();
    throw blamedOnImage(error);
  }
}

function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}
