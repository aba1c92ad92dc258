import { randomBytes } from 'node:crypto';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ContainerId, ContainerRef, ContainerSpecification, Engine } from '../../engine/index.js';
import { EngineError, isBadRequest, isNoSuchImage } from '../../engine/index.js';
import type { HeldImage } from '../../images/index.js';
import type { SpawnAttempt } from '../../instances/index.js';
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
} from '../../instances/index.js';
import type { Wiring } from '../../network/index.js';
import { runInQueue } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';
import { startMade } from './connect-and-start.js';
import type { ContainerPlan } from './container-plan.js';

/** A container to be created for an instance whose networks are ready, and the state of its creation. */
export class NewContainer {
  readonly #node: ComputeNode;
  readonly #plan: ContainerPlan;
  readonly #wiring: Wiring;
  /** The image to boot from. Undefined if the container's image is one that the driver itself created in the engine. */
  readonly #image: HeldImage | undefined;
  /** The instance's own container name. */
  readonly #whole: ContainerRef;
  /** The name until the container is complete, if it is not started at once. */
  readonly #part: ContainerRef;
  readonly #attempt: SpawnAttempt;
  readonly #specification: ContainerSpecification;
  /** The error of the last attempt to create the container, if it failed: the engine may still create it. */
  #failure: unknown;
  /** The container's id, once it was created. */
  #made: ContainerId | undefined;

  /** @throws what the plan's specification throws. */
  constructor(node: ComputeNode, plan: ContainerPlan, wiring: Wiring, image: HeldImage | undefined) {
    this.#node = node;
    this.#plan = plan;
    this.#wiring = wiring;
    this.#image = image;
    this.#whole = containerName(plan.instance.uuid);
    this.#part = containerPartName(plan.instance.uuid, spawning);
    this.#attempt = newAttempt(node.host, plan.power_on);
    this.#specification = plan.specification(node.networks.specification(wiring), this.#attempt);
  }

  /**
   * Creates the container, within the limit on concurrent launches. If the engine does not have the image, loads it
   * outside that limit and tries once more.
   */
  async make(): Promise<ContainerId> {
    return await this.#inTurn(() => this.#make());
  }

  /**
   * Creates the container and makes it the instance, as one launch: starts it, or gives it the instance's name if it
   * stays off.
   */
  async launch(): Promise<void> {
    const { instance, power_on, network_info, signal, onProgress } = this.#plan;
    await this.#inTurn(async () => {
      const container = await this.#make();
      if (power_on) {
        onProgress?.({ phase: 'starting', bytes: 0 });
        await startMade(this.#node, container, network_info);
      } else await adoptName(this.#node.engine, container, this.#whole, instance);
      signal?.throwIfAborted();
    });
  }

  /** Removes the container, also one that the engine may still be creating. */
  async discard(): Promise<void> {
    await discardAttempt(this.#node.engine, [this.#whole, this.#part], this.#attempt, this.#failure);
  }

  /** Converts the error of a verb into the exception that names the cause, image or mount, if it can be told. */
  async explained(error: unknown): Promise<unknown> {
    const mounts = this.#specification.HostConfig?.Mounts ?? [];
    const wanted = mounts.map(({ Target: at }) => at).filter((at) => at !== configDriveFolder);
    const isAnswer = error instanceof EngineError && isBadRequest(error);
    const all = isAnswer ? await mountedAt(this.#node.engine, this.#made) : wanted;
    const failed = launchFailure(error, { wanted, all });
    // Without a boot image, the image is one that the driver created: the caller's image is not to blame.
    return this.#image === undefined && failed instanceof ImageUnacceptable ? error : failed;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { boot, signal, onProgress } = this.#plan;
    const turn = (): Promise<T> => runInQueue(this.#node.launches, signal, work);
    try {
      return await turn();
    } catch (error) {
      if (this.#image === undefined || boot === undefined || !isNoSuchImage(error)) throw error;
      await this.#image.load(boot.context, { signal, onProgress });
      return await turn();
    }
  }

  async #make(): Promise<ContainerId> {
    const { engine, networks, rootDisks, logger } = this.#node;
    const { instance, sized, files, signal } = this.#plan;
    const specification = this.#specification;
    const create = (asked: ContainerSpecification): Promise<ContainerId> => this.#create(asked);
    const container = sized
      ? await rootDisks.create(instance.flavor, specification, create)
      : await create(specification);
    this.#made = container;
    await volumesMustBeAsFound(engine, container, specification.HostConfig?.Mounts);
    signal?.throwIfAborted();
    await networks.connectFurther(container, this.#wiring);
    if (files !== undefined) await writeFiles(engine, container, files, logger, signal);
    signal?.throwIfAborted();
    return container;
  }

  async #create(asked: ContainerSpecification): Promise<ContainerId> {
    const { instance, power_on } = this.#plan;
    const name = power_on ? this.#whole : this.#part;
    try {
      return await createContainer(this.#node.engine, name, instance, asked, this.#attempt);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
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

/** Returns a new attempt to create an instance's container, with a random id that no other attempt has. */
export function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}
