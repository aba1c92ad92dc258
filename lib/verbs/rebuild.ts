import type {
  BlockDeviceInfo,
  ImageMeta,
  Instance,
  LongRunningOptions,
  RebuildOptions,
  RequestContext,
} from '../../interfaces/index.js';
import type { ContainerInspect, ContainerSummary } from '../engine/index.js';
import { removeInstanceImages } from '../images/index.js';
import {
  adoptName,
  blamedOnImage,
  blockDeviceMounts,
  configDriveFiles,
  configDriveMounts,
  containerName,
  containerPartName,
  containerSpecification,
  findInstance,
  imageMustFit,
  instanceFiles,
  listContainersOf,
  part,
  putBack,
  removeContainer,
  settleParts,
  startContainer,
  stopContainerCleanly,
  Undo,
  withMounts,
} from '../instances/index.js';
import { interfacesOf, whilePlugging } from '../network/index.js';
import type { ComputeNode } from './compute-node.js';
import { newAttempt, prepareContainer } from './prepare-container.js';
import { spawn } from './spawn.js';

/** What a rebuilt instance is given beside its image and flavor. */
export interface RebuildPlan extends Pick<
  RebuildOptions,
  'injected_files' | 'admin_password' | 'allocations' | 'network_info' | 'signal' | 'onProgress'
> {
  /** Its disks. */
  readonly block_device_info: BlockDeviceInfo | null;
  /** It comes from a host that is gone. */
  readonly evacuate: boolean;
}

/**
 * Gives an instance a new container of another image, in place of the one that it has: it ends as after a destroy and a spawn, as in Nova.
 *
 * The instance goes on until the new container is ready: an image that cannot be booted, or an interface that cannot be made, costs it nothing. Then it is stopped cleanly, and its
 * container is removed when the new one runs. When something fails before, the instance is as it was.
 *
 * @throws what spawn throws.
 */
export async function rebuild(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  plan: RebuildPlan,
): Promise<void> {
  const { current } = await settleParts(node.engine, node.host, instance);
  if (current === undefined || plan.evacuate) await spawn(node, context, instance, image_meta, plan);
  else await replace(node, context, instance, current, image_meta, plan);
}

/**
 * Whether an instance can be rebuilt, as far as that is known beforehand: the image is had and fits. Then it is stopped cleanly where it has volumes that somebody is about to take
 * away, as Nova itself does it.
 *
 * @throws what spawn throws of images.
 */
export async function prepareRebuild(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  { losesVolumes, ...options }: LongRunningOptions & { readonly losesVolumes: boolean },
): Promise<void> {
  imageMustFit(image_meta, instance.flavor);
  await node.imageLoader.load(context, image_meta.id, options);
  const container = await findInstance(node.engine, node.host, instance, options.signal);
  if (losesVolumes && container !== undefined)
    await stopContainerCleanly(node.engine, container, options.signal);
}

async function replace(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  old: ContainerInspect,
  image_meta: ImageMeta,
  plan: RebuildPlan,
): Promise<void> {
  const { engine, networks, policy } = node;
  const { block_device_info, signal, onProgress } = plan;
  const network_info = plan.network_info ?? (await interfacesOf(engine, old, signal));
  imageMustFit(image_meta, instance.flavor);
  const mounts = await blockDeviceMounts(node, instance, block_device_info, signal);
  const drive = configDriveFiles(instance, image_meta, plan, policy);
  const files = instanceFiles(instance, plan.injected_files ?? [], plan.admin_password, drive);
  const attempt = newAttempt(node.host, false);
  const before = await listContainersOf(engine, node.host, instance);
  const image = await node.imageLoader.hold(image_meta.id, signal);
  const undo = new Undo(node.logger);
  undo.push('that the instance is as it was', () => putBack(engine, instance, old));
  undo.push('its new image', () => image.abandon());
  try {
    const aside = {
      instance,
      network_info,
      attempt,
      specification: (network: Parameters<typeof containerSpecification>[2]) =>
        withMounts(
          containerSpecification(
            instance,
            { meta: image_meta, reference: image.reference },
            network,
            attempt,
            policy,
          ),
          [...mounts, ...configDriveMounts(drive, node.host, instance)],
        ),
      sized: true,
      load: () => image.load(context, { signal, onProgress }),
      files,
      signal,
    };
    const { wiring, launch } = await prepareContainer(node, aside, undo);
    const container = await launch((made) => Promise.resolve(made));
    await stopContainerCleanly(engine, old, signal);
    await adoptName(engine, old.Id, containerPartName(instance.uuid, part.replaced), instance);
    await adoptName(engine, container, containerName(instance.uuid), instance);
    onProgress?.({ phase: 'starting', bytes: 0 });
    await whilePlugging(node.virtapi, instance, network_info, { ...node.vifPlugging, signal }, () =>
      networks.startIn(container, network_info, () => startContainer(engine, container)),
    );
    signal?.throwIfAborted();
    networks.keep(wiring);
    image.keep();
  } catch (error) {
    await undo.run();
    throw blamedOnImage(error);
  }
  await removeReplaced(node, instance, old, before);
}

/** All that the instance was before goes: its container, the one that it had while it was rescued, their images and networks, and what was noted of it. */
async function removeReplaced(
  { engine, networks, notes }: ComputeNode,
  instance: Instance,
  old: ContainerInspect,
  before: readonly ContainerSummary[],
): Promise<void> {
  for (const { Id: container } of before) await removeContainer(engine, container);
  await removeInstanceImages(engine, instance.uuid, [old.Image]);
  await notes.forget(instance.uuid);
  await networks.release(before, []);
}
