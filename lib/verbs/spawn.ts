import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../interfaces/index.js';
import type { ContainerId } from '../engine/index.js';
import {
  acceleratorsMustBeNone,
  adoptName,
  blamedOnImage,
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
  containerName,
  containerSpecification,
  imageMustFit,
  instanceFiles,
  startContainer,
  Undo,
  withMounts,
} from '../instances/index.js';
import { whilePlugging } from '../network/index.js';
import type { ComputeNode } from './compute-node.js';
import { newAttempt, prepareContainer } from './prepare-container.js';

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
  const attempt = newAttempt(node.host, power_on);
  const undo = new Undo(node.logger);
  try {
    const image = await node.imageLoader.hold(image_meta.id, signal);
    undo.push('its image', image.abandon);
    const { wiring, launch } = await prepareContainer(
      node,
      {
        instance,
        network_info,
        attempt,
        specification: (network) =>
          withMounts(
            containerSpecification(
              instance,
              { meta: image_meta, reference: image.reference },
              network,
              attempt,
              node.policy,
            ),
            [...mounts, ...configDriveMounts(drive, node.host, instance)],
          ),
        sized: true,
        load: () => image.load(context, { signal, onProgress }),
        files,
        signal,
      },
      undo,
    );
    const complete = async (container: ContainerId): Promise<void> => {
      if (power_on) {
        onProgress?.({ phase: 'starting', bytes: 0 });
        await node.networks.startIn(container, network_info, () => startContainer(node.engine, container));
      } else await adoptName(node.engine, container, containerName(instance.uuid), instance);
      signal?.throwIfAborted();
    };
    await whilePlugging(
      power_on ? node.virtapi : undefined,
      instance,
      network_info,
      { ...node.vifPlugging, signal },
      () => launch(complete),
    );
    node.networks.keep(wiring);
    image.keep();
  } catch (error) {
    await undo.run();
    throw blamedOnImage(error);
  }
}
