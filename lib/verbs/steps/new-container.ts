import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ContainerId, ContainerSpecification, Engine } from '../../engine/index.js';
import { EngineError, isBadRequest, isNoSuchImage } from '../../engine/index.js';
import type { HeldImage } from '../../images/index.js';
import {
  adoptName,
  configDriveFolder,
  containerName,
  containerPartName,
  createContainer,
  discardAttempt,
  launchFailure,
  spawning,
  validateVolumesUnchanged,
  withNetworks,
  writeFiles,
} from '../../instances/index.js';
import type { Wiring } from '../../network/index.js';
import { Slot } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';
import { startInNetworks } from './connect-and-start.js';
import type { ContainerPlan } from './container-plan.js';
import type { Rollback } from './rollback.js';

/**
 * Holds the image of a new container, so that the driver does not remove it. The engine may lack it: see
 * {@link createPlannedContainer}.
 *
 * @returns undefined if the container's image is one that the driver itself created in the engine.
 */
export async function holdImage(
  { imageLoader }: ComputeNode,
  { boot, signal }: ContainerPlan,
  rollback: Rollback,
): Promise<HeldImage | undefined> {
  if (boot === undefined) return undefined;
  const image = await imageLoader.hold(boot.image_id, signal);
  rollback.push('the hold on its image', image.abandon, image.keep);
  return image;
}

/** Creates the networks of a container that are missing, and holds all of them until the rollback ends. */
export async function prepareNetworks(
  { networks }: ComputeNode,
  { network_info, signal }: Pick<ContainerPlan, 'network_info' | 'signal'>,
  rollback: Rollback,
): Promise<Wiring> {
  const wiring = await networks.prepare(network_info, signal);
  rollback.push(
    'the preparation of its networks',
    () => networks.abandon(wiring),
    () => networks.keep(wiring),
  );
  return wiring;
}

/** What a verb holds for a new container until it exists. */
interface HeldForContainer {
  /** Undefined if the container's image is one that the driver itself created in the engine. */
  readonly image: HeldImage | undefined;
  readonly wiring: Wiring;
}

/**
 * Creates an instance's container, completes it and makes it the instance, within the limit on concurrent launches.
 *
 * @throws what {@link launchError} makes of the failure.
 */
export async function createInstance(
  node: ComputeNode,
  plan: ContainerPlan,
  held: HeldForContainer,
  rollback: Rollback,
): Promise<void> {
  let container: ContainerId | undefined;
  try {
    using slot = await Slot.acquire(node.launches, plan.signal);
    container = await createPlannedContainer(node, plan, { ...held, slot }, rollback);
    await completeContainer(node, plan, held.wiring, container);
    await becomeInstance(node, plan, container);
  } catch (error) {
    throw await launchError(node, plan, container, error);
  }
}

/**
 * Creates a container beside the one that is the instance, and completes it, within the limit on concurrent launches.
 * It becomes the instance by `swapIn`.
 *
 * @throws what {@link launchError} makes of the failure.
 */
export async function createBeside(
  node: ComputeNode,
  plan: ContainerPlan,
  held: HeldForContainer,
  rollback: Rollback,
): Promise<ContainerId> {
  let container: ContainerId | undefined;
  try {
    using slot = await Slot.acquire(node.launches, plan.signal);
    container = await createPlannedContainer(node, plan, { ...held, slot }, rollback);
    await completeContainer(node, plan, held.wiring, container);
    return container;
  } catch (error) {
    throw await launchError(node, plan, container, error);
  }
}

/**
 * Creates a container, beside the one that is the instance if there is one.
 *
 * The image is loaded only after the engine has reported that it is missing, so a cached image costs no request. The
 * slot is free meanwhile.
 */
async function createPlannedContainer(
  node: ComputeNode,
  plan: ContainerPlan,
  { image, wiring, slot }: HeldForContainer & { readonly slot: Slot },
  rollback: Rollback,
): Promise<ContainerId> {
  const { instance, boot, attempt, signal, onProgress } = plan;
  const specification = withNetworks(plan.specification, node.networks.specification(wiring));
  const names = [containerName(instance.uuid), containerPartName(instance.uuid, spawning)];
  let failure: unknown;
  rollback.push('the creation of its container', () => discardAttempt(node.engine, names, attempt, failure));
  try {
    return await createSized(node, plan, specification);
  } catch (error) {
    failure = error;
    if (image === undefined || boot === undefined || !isNoSuchImage(error)) throw error;
  }
  slot.release();
  await image.load(boot.context, { signal, onProgress });
  await slot.acquireAgain();
  try {
    return await createSized(node, plan, specification);
  } catch (error) {
    failure = error;
    throw error;
  }
}

/** Creates a container whose root disk has the flavor's size, if the plan says so and the engine can bound it. */
async function createSized(
  { engine, rootDisks }: ComputeNode,
  { instance, power_on, sized, extraDiskBytes, attempt }: ContainerPlan,
  specification: ContainerSpecification,
): Promise<ContainerId> {
  const { uuid, flavor } = instance;
  const name = power_on ? containerName(uuid) : containerPartName(uuid, spawning);
  if (!sized) return await createContainer(engine, name, instance, specification, attempt);
  const bounded = rootDisks.bounded(flavor, specification, extraDiskBytes);
  try {
    return await createContainer(engine, name, instance, bounded, attempt);
  } catch (error) {
    if (!rootDisks.isRefusal(error)) throw error;
    return await createContainer(engine, name, instance, specification, attempt);
  }
}

/**
 * Completes a new container: validates its volumes, connects it to the networks that the creation had to omit, and
 * writes its files.
 */
async function completeContainer(
  { engine, networks, logger }: ComputeNode,
  { specification, files, signal }: ContainerPlan,
  wiring: Wiring,
  container: ContainerId,
): Promise<void> {
  await validateVolumesUnchanged(engine, container, specification.HostConfig?.Mounts);
  signal?.throwIfAborted();
  await networks.connectFurther(container, wiring);
  if (files !== undefined) await writeFiles(engine, container, files, logger, signal);
  signal?.throwIfAborted();
}

/** Makes a complete container the instance: starts it, or gives it the instance's name if it stays off. */
async function becomeInstance(
  node: ComputeNode,
  { instance, network_info, power_on, signal, onProgress }: ContainerPlan,
  container: ContainerId,
): Promise<void> {
  if (power_on) {
    onProgress?.({ phase: 'starting', bytes: 0 });
    await startInNetworks(node, container, network_info);
  } else await adoptName(node.engine, container, containerName(instance.uuid), instance);
  signal?.throwIfAborted();
}

/**
 * Converts the error of a verb that creates a container into the exception that names the cause, if it can be told:
 * ImageUnacceptable for the image, InvalidInput for a mount at a path that the caller chose.
 *
 * @param container - undefined if it was not created.
 */
export async function launchError(
  { engine }: ComputeNode,
  { boot, specification }: ContainerPlan,
  container: ContainerId | undefined,
  error: unknown,
): Promise<unknown> {
  const mounts = specification.HostConfig?.Mounts ?? [];
  const wanted = mounts.map(({ Target: at }) => at).filter((at) => at !== configDriveFolder);
  const isAnswer = error instanceof EngineError && isBadRequest(error);
  const all = isAnswer ? await mountedAt(engine, container) : wanted;
  const failed = launchFailure(error, { wanted, all });
  // Without a boot image, the image is one that the driver created: the caller's image is not to blame.
  return boot === undefined && failed instanceof ImageUnacceptable ? error : failed;
}

/**
 * Lists the paths at which a container has file systems mounted. Empty if the engine cannot tell: then only the message
 * of the original error gets shorter.
 */
async function mountedAt(engine: Engine, container: ContainerId | undefined): Promise<readonly string[]> {
  if (container === undefined) return [];
  try {
    const { Mounts: mounts } = await engine.containers.inspect(container);
    return mounts.map(({ Destination: at }) => at);
  } catch {
    return [];
  }
}
