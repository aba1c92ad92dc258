import { randomBytes } from 'node:crypto';
import type { Instance, LongRunningOptions, NetworkInfo, RequestContext } from '../../interfaces/index.js';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ContainerId, ContainerSpecification, Engine, NetworkPart } from '../engine/index.js';
import { EngineError, isBadRequest, isNoSuchImage } from '../engine/index.js';
import type { HeldImage } from '../images/index.js';
import type { InstanceFiles, SpawnAttempt } from '../instances/index.js';
import {
  adoptName,
  configDriveFolder,
  containerName,
  containerPartName,
  createContainer,
  discardAttempt,
  launchFailure,
  spawning,
  volumesMustBeAsFound,
  writeFiles,
} from '../instances/index.js';
import type { Wiring } from '../network/index.js';
import { takeTurn } from '../streams/index.js';
import type { ComputeNode } from './compute-node.js';
import { startMade } from './connect-and-start.js';
import type { Undo } from './undo.js';
import { undoneOnFailure } from './undo.js';

/** A container to be made for an instance. */
export interface ContainerPlan extends LongRunningOptions {
  readonly instance: Instance;
  readonly network_info: NetworkInfo | null | undefined;
  /**
   * Whether it is to be started at once. Then it has the instance's own name from the beginning, which saves a request:
   * one that never ran is then half-made. Else it gets that name from its verb, when it is whole: a crash before leaves
   * the instance what it was.
   */
  readonly power_on: boolean;
  /** What it is booted from, see `bootReference`; without it, its image is the engine's own, and there. */
  readonly boot?: { readonly context: RequestContext; readonly image_id: string };
  readonly specification: (network: NetworkPart, attempt: SpawnAttempt) => ContainerSpecification;
  /** Whether its root disk has the flavor's size. */
  readonly sized: boolean;
  /** Default: none. */
  readonly files?: InstanceFiles;
}

/** A container that can be made: its networks are there. */
interface NewContainer {
  /**
   * Makes it, when the engine has time for another launch. An image that the engine does not have is loaded, once,
   * meanwhile.
   */
  readonly make: () => Promise<ContainerId>;
  /**
   * Makes it and lets it be the instance, in the same turn: starts it, or gives it the instance's name where it is to
   * stay off.
   */
  readonly launch: () => Promise<void>;
}

/**
 * Makes a container for an instance, beside the one that it may have, and has its verb use it. Its image and its
 * networks are kept when that succeeds. When something fails, whatever was made is gone again.
 *
 * @throws ImageUnacceptable when it is the image's fault; InvalidInput when something cannot be mounted where the
 * caller wants it; what the verb throws.
 */
export async function withNewContainer(
  node: ComputeNode,
  plan: ContainerPlan,
  use: (container: NewContainer) => Promise<void>,
): Promise<void> {
  await undoneOnFailure(node.logger, async (undo) => {
    const image = await holdImage(node, plan, undo);
    const wiring = await node.networks.prepare(plan.network_info, plan.signal);
    undo.push('its networks', () => node.networks.abandon(wiring));
    const container = newContainer(node, plan, image, wiring, undo);
    await use(container).catch(async (error: unknown) => {
      throw await container.explained(error);
    });
    node.networks.keep(wiring);
    image?.keep();
  });
}

async function holdImage(
  { imageLoader }: ComputeNode,
  { boot, signal }: ContainerPlan,
  undo: Undo,
): Promise<HeldImage | undefined> {
  if (boot === undefined) return undefined;
  const image = await imageLoader.hold(boot.image_id, signal);
  undo.push('its image', image.abandon);
  return image;
}

function newContainer(
  node: ComputeNode,
  plan: ContainerPlan,
  image: HeldImage | undefined,
  wiring: Wiring,
  undo: Undo,
): NewContainer & { readonly explained: (failure: unknown) => Promise<unknown> } {
  const { engine, networks, launches, rootDisks, logger } = node;
  const { instance, power_on, boot, files, signal, onProgress } = plan;
  const attempt = newAttempt(node.host, power_on);
  const specification = plan.specification(networks.specification(wiring), attempt);
  const whole = containerName(instance.uuid);
  const part = containerPartName(instance.uuid, spawning);
  let failure: unknown;
  let made: ContainerId | undefined;
  undo.push('its container', () => discardAttempt(engine, [whole, part], attempt, failure));

  const create = async (asked: ContainerSpecification): Promise<ContainerId> => {
    try {
      return await createContainer(engine, power_on ? whole : part, instance, asked, attempt);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const make = async (): Promise<ContainerId> => {
    const container = (made = plan.sized
      ? await rootDisks.create(instance.flavor, specification, create)
      : await create(specification));
    await volumesMustBeAsFound(engine, container, specification.HostConfig?.Mounts);
    signal?.throwIfAborted();
    await networks.connectFurther(container, wiring);
    if (files !== undefined) await writeFiles(engine, container, files, logger, signal);
    signal?.throwIfAborted();
    return container;
  };
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const turn = (): Promise<T> => takeTurn(launches, signal, work);
    try {
      return await turn();
    } catch (error) {
      if (image === undefined || boot === undefined || !isNoSuchImage(error)) throw error;
      await image.load(boot.context, { signal, onProgress });
      return await turn();
    }
  };
  const explained = async (error: unknown): Promise<unknown> => {
    const mounts = specification.HostConfig?.Mounts ?? [];
    const wanted = mounts.map(({ Target: at }) => at).filter((at) => at !== configDriveFolder);
    const all = error instanceof EngineError && isBadRequest(error) ? await mountedAt(engine, made) : wanted;
    const failed = launchFailure(error, { wanted, all });
    // What is not booted from an image is of one that the driver made.
    return boot === undefined && failed instanceof ImageUnacceptable ? error : failed;
  };
  return {
    explained,
    make: () => inTurn(make),
    launch: () =>
      inTurn(async () => {
        const container = await make();
        if (power_on) onProgress?.({ phase: 'starting', bytes: 0 });
        if (power_on) await startMade(node, container, plan.network_info);
        else await adoptName(engine, container, whole, instance);
        signal?.throwIfAborted();
      }),
  };
}

/**
 * Where a container has file systems; none when that cannot be told, which only makes the message of another failure
 * shorter.
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

/** An attempt to make an instance's container that is not like any other. */
function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}
