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

/** A container to be made while the instance has another one. */
export interface AsidePlan {
  readonly instance: Instance;
  readonly network_info: NetworkInfo;
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

/** An attempt whose container has the instance's name only when it is whole: a crash before its first start leaves an instance that is off. */
export function attemptAside(host: string): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on: false };
}

/**
 * Makes a container of an instance, ready to be started, while another one still has its name. A crash leaves it for `init_host` to remove.
 *
 * @param undo - gets what takes it back, also when this fails.
 * @returns the container, and its networks, which its caller must keep.
 */
export async function makeAside(
  { engine, networks, launches, rootDisks, logger }: ComputeNode,
  plan: AsidePlan,
  undo: Undo,
): Promise<{ readonly container: ContainerId; readonly wiring: Wiring }> {
  const { instance, attempt, load, files, signal } = plan;
  const wiring = await networks.prepare(plan.network_info, signal);
  undo.push('its networks', () => networks.abandon(wiring));
  const specification = plan.specification(networks.specification(wiring));
  const name = containerPartName(instance.uuid, spawning);
  let failure: unknown;
  undo.push('its new container', () =>
    discardAttempt(engine, [containerName(instance.uuid), name], attempt, failure),
  );
  const create = async (): Promise<ContainerId> => {
    const make = (asked: ContainerSpecification): Promise<ContainerId> =>
      createContainer(engine, name, instance, asked, attempt);
    try {
      return await takeTurn(launches, signal, () =>
        plan.sized ? rootDisks.create(instance.flavor, specification, make) : make(specification),
      );
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const container = await create().catch(async (error: unknown) => {
    if (load === undefined || !isNoSuchImage(error)) throw error;
    await load();
    return await create();
  });
  signal?.throwIfAborted();
  await networks.connectFurther(container, wiring);
  if (files !== undefined) await writeFiles(engine, container, files, logger);
  signal?.throwIfAborted();
  return { container, wiring };
}
