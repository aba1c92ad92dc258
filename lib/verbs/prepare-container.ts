import { randomBytes } from 'node:crypto';
import type { Instance, NetworkInfo } from '../../interfaces/index.js';
import type { ContainerId, ContainerSpecification, NetworkPart } from '../engine/index.js';
import { isNoSuchImage } from '../engine/index.js';
import type { InstanceFiles, SpawnAttempt, Undo } from '../instances/index.js';
import {
  containerName,
  containerPartName,
  createContainer,
  discardAttempt,
  spawning,
  writeFiles,
} from '../instances/index.js';
import type { Wiring } from '../network/index.js';
import { takeTurn } from '../streams/index.js';
import type { ComputeNode } from './compute-node.js';

/** A container to be made for an instance. */
export interface ContainerPlan {
  readonly instance: Instance;
  readonly network_info: NetworkInfo | null | undefined;
  readonly attempt: SpawnAttempt;
  readonly specification: (network: NetworkPart) => ContainerSpecification;
  /** Whether its root disk has the flavor's size. */
  readonly sized: boolean;
  /** Gets its image, for when the engine says that it has none. */
  readonly load?: () => Promise<unknown>;
  /** Default: none. */
  readonly files?: InstanceFiles;
  readonly signal?: AbortSignal | undefined;
}

/** A container that can be made: its networks are there. */
export interface PreparedContainer {
  /** Its networks, which its caller must keep when the container is whole. */
  readonly wiring: Wiring;
  /**
   * Makes the container, when the engine has time for another launch, and then does what makes it whole, in the same turn. An image that the engine does not have is
   * loaded, once, outside of the turn.
   */
  readonly launch: <T>(complete: (container: ContainerId) => Promise<T>) => Promise<T>;
}

/**
 * An attempt to make an instance's container that is not like any other.
 *
 * @param power_on - whether it is to be started at once. Then it has the instance's own name from the beginning, which saves a request: one that never ran is
 * then half-made. Else it gets that name from its caller, when it is whole: a crash before leaves the instance what it was.
 */
export function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}

/**
 * Prepares a container of an instance, beside the one that it may have.
 *
 * @param undo - gets what takes it all back, also when this fails.
 */
export async function prepareContainer(
  { engine, networks, launches, rootDisks, logger }: ComputeNode,
  plan: ContainerPlan,
  undo: Undo,
): Promise<PreparedContainer> {
  const { instance, attempt, load, files, signal } = plan;
  const wiring = await networks.prepare(plan.network_info, signal);
  undo.push('its networks', () => networks.abandon(wiring));
  const specification = plan.specification(networks.specification(wiring));
  const whole = containerName(instance.uuid);
  const part = containerPartName(instance.uuid, spawning);
  let failure: unknown;
  undo.push('its container', () => discardAttempt(engine, [whole, part], attempt, failure));

  const create = async (asked: ContainerSpecification): Promise<ContainerId> => {
    try {
      return await createContainer(engine, attempt.power_on ? whole : part, instance, asked, attempt);
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const make = async (): Promise<ContainerId> => {
    const container = plan.sized
      ? await rootDisks.create(instance.flavor, specification, create)
      : await create(specification);
    signal?.throwIfAborted();
    await networks.connectFurther(container, wiring);
    if (files !== undefined) await writeFiles(engine, container, files, logger);
    signal?.throwIfAborted();
    return container;
  };
  return {
    wiring,
    launch: async (complete) => {
      const turn = (): ReturnType<typeof complete> =>
        takeTurn(launches, signal, async () => await complete(await make()));
      try {
        return await turn();
      } catch (error) {
        if (load === undefined || !isNoSuchImage(error)) throw error;
        await load();
        return await turn();
      }
    },
  };
}
