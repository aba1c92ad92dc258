import type { ImageMeta, Instance, RequestContext, SpawnOptions } from '../../../interfaces/index.js';
import { bootReference } from '../../images/index.js';
import {
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
  containerSpecification,
  validateImageFits,
  instanceFiles,
  withMounts,
} from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';
import { type ContainerPlan, newAttempt } from './container-plan.js';

/**
 * Plans the container of an instance that boots from an image.
 *
 * @throws what spawn throws about images, flavors and disks.
 */
export async function bootPlan(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  options: SpawnOptions,
): Promise<ContainerPlan> {
  const { power_on = true, network_info, signal, onProgress } = options;
  validateImageFits(image_meta, instance.flavor);
  const disks = await blockDeviceMounts(node, instance, options.block_device_info, signal);
  const drive = configDriveFiles(instance, image_meta, options, node.policy);
  const mounts = [...disks, ...configDriveMounts(drive, node.host, instance)];
  const image = { meta: image_meta, reference: bootReference(image_meta.id) };
  const attempt = newAttempt(node.host, power_on);
  return {
    instance,
    network_info,
    power_on,
    boot: { context, image_id: image_meta.id },
    attempt,
    specification: withMounts(containerSpecification(instance, image, attempt, node.policy), mounts),
    sized: true,
    files: instanceFiles(instance, options.injected_files ?? [], options.admin_password, drive),
    signal,
    onProgress,
  };
}
