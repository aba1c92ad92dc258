import type {
  BlockDeviceInfo,
  ImageMeta,
  Instance,
  RebuildOptions,
  RequestContext,
} from '../../interfaces/index.js';
import type { ContainerInspect, ContainerSummary } from '../engine/index.js';
import { removeInstanceImages } from '../images/index.js';
import {
  cleanly,
  findInstance,
  listContainersOf,
  part,
  removeContainer,
  settleParts,
  stopContainerCleanly,
  stopForReplacement,
} from '../instances/index.js';
import { interfacesOf, whilePlugging } from '../network/index.js';
import { bootPlan, newAttempt, orAsItWas, takePlace, tidyUp, withNewContainer } from './steps/index.js';
import type { ComputeNode } from './definition/index.js';
import { spawn } from './spawn.js';

/** What a rebuilt instance is given beside its image and flavor. */
interface RebuildPlan extends Pick<
  RebuildOptions,
  'injected_files' | 'admin_password' | 'allocations' | 'network_info' | 'signal' | 'onProgress'
> {
  /** Its disks. */
  readonly block_device_info: BlockDeviceInfo | null;
  /** It comes from a host that is gone. */
  readonly evacuate: boolean;
}

/**
 * Gives an instance a new container of another image, in place of the one that it has: it ends as after a destroy and a
 * spawn, as in Nova.
 *
 * The instance goes on until the new container is ready: an image that cannot be booted, or an interface that cannot be
 * made, costs it nothing. Then it is stopped cleanly, and its container is removed when the new one runs. When
 * something fails before, the instance is as it was.
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
  const { current } = await settleParts(node.engine, node.host, instance, plan.signal);
  if (current === undefined || plan.evacuate) await spawn(node, context, instance, image_meta, plan);
  else await replace(node, context, instance, current, image_meta, plan);
}

/**
 * Whether an instance can be rebuilt, as far as that is known beforehand: the image is had and fits, its networks can
 * be had, its files and its disks are sound. Then it is stopped cleanly where it has volumes that somebody is about to
 * take away, as Nova itself does it.
 *
 * @throws what spawn throws.
 */
export async function prepareRebuild(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_meta: ImageMeta,
  { losesVolumes, ...options }: Omit<RebuildPlan, 'evacuate'> & { readonly losesVolumes: boolean },
): Promise<void> {
  const { networks } = node;
  const plan = await bootPlan(node, context, instance, image_meta, options);
  await node.imageLoader.load(context, image_meta.id, options);
  const container = await findInstance(node.engine, node.host, instance, options.signal);
  const wiring = await networks.prepare(options.network_info, options.signal);
  try {
    plan.specification(networks.specification(wiring), newAttempt(node.host, false));
    if (losesVolumes && container !== undefined)
      await stopContainerCleanly(node.engine, container, options.signal);
  } finally {
    await networks.abandon(wiring);
  }
}

async function replace(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  old: ContainerInspect,
  image_meta: ImageMeta,
  options: RebuildPlan,
): Promise<void> {
  const { engine, host, policy, virtapi, logger } = node;
  const { signal, onProgress } = options;
  const network_info = options.network_info ?? (await interfacesOf(engine, old, signal));
  const beside = { ...options, network_info, power_on: false };
  const plan = await bootPlan(node, context, instance, image_meta, beside);
  const plugging = { ...policy, logger, signal };
  const replaced = { instance, old, aside: part.replaced, network_info, signal, onProgress };
  const before = await listContainersOf(engine, host, instance, signal);
  await orAsItWas(node, replaced, () =>
    withNewContainer(node, plan, async (beside) => {
      const container = await beside.make();
      await stopForReplacement(engine, old.Id, { ...cleanly(old), signal });
      await whilePlugging(virtapi, instance, network_info, plugging, () =>
        takePlace(node, container, replaced),
      );
    }),
  );
  await tidyUp(node, instance, 'what the instance was before', () =>
    removeReplaced(node, instance, old, before),
  );
}

/**
 * All that the instance was before goes: its container, the one that it had while it was rescued, their images and
 * networks, and what was noted of it.
 */
async function removeReplaced(
  { engine, networks, states: notes }: ComputeNode,
  instance: Instance,
  old: ContainerInspect,
  before: readonly ContainerSummary[],
): Promise<void> {
  for (const { Id: container } of before) await removeContainer(engine, container);
  await removeInstanceImages(engine, instance.uuid, [old.Image]);
  await notes.forget(instance.uuid);
  await networks.release(before, []);
}
