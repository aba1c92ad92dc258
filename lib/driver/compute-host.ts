import type {
  Instance,
  LifecycleEvent,
  Logger,
  LongRunningOptions,
  OnProgress,
  VerbOptions,
} from '../../interfaces/index.js';
import { HypervisorUnavailable, InvalidInput, NovaException } from '../../interfaces/index.js';
import { assembleNode } from './assemble-node.js';
import type { DockerDriverOptions, Settings } from './options.js';
import { settingsOf } from './options.js';
import type { ContainerInspect, EngineAddress } from '../engine/index.js';
import { engineAddress } from '../engine/index.js';
import { EventFollower } from '../events/index.js';
import type { VerbFailure } from '../instances/index.js';
import { findInstance, inspectInstance, novaException, wasSuspended } from '../instances/index.js';
import { RunningHost } from './running-host.js';
import { usableLogger } from '../common/index.js';
import { guardListener, LinkedAbort, steadyNow, KeyedMutex } from '../streams/index.js';
import { optionsMustBeSound } from '../verbs/index.js';
import type { ComputeNode } from '../verbs/index.js';
import { reconcile, reconcileAgain } from '../verbs/index.js';

/** The key of the mutex for starting and stopping. It cannot equal an instance's uuid. */
const itself = 'the host itself';

/**
 * The work of a verb. Its signal aborts when the caller's does, or when the driver leaves the host. Errors of the
 * progress listener do not reach it.
 */
type Work<T> = (node: ComputeNode, signal: AbortSignal, onProgress: OnProgress | undefined) => Promise<T>;

/**
 * The compute host that a driver serves, from `init_host` to `cleanup_host`. It runs verbs under their instance's lock
 * and converts their errors into Nova's exceptions.
 */
export class ComputeHost {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly #options: DockerDriverOptions;
  readonly #address: EngineAddress;
  readonly #turns = new KeyedMutex();
  #running: RunningHost | undefined;
  /** The host of each start that runs or waits for the mutex, by what aborts the start. */
  readonly #starting = new Map<LinkedAbort, string>();

  /** @throws InvalidInput naming each invalid option. */
  constructor(options: DockerDriverOptions) {
    this.settings = settingsOf(options);
    this.logger = usableLogger(options.logger);
    this.#options = options;
    this.#address = engineAddress(options.engine);
  }

  /** Whether the engine is on this machine. */
  get isLocal(): boolean {
    return 'socketPath' in this.#address;
  }

  /**
   * Connects to the engine, repairs what a crash left, and begins to follow the events of the instances.
   *
   * @param host - Nova's name of the compute host.
   * @param emit - called with each event, once the call for the previous event has ended.
   * @throws HypervisorUnavailable when the engine does not answer, or supports no API version that the driver supports.
   */
  async start(
    host: string,
    emit: (event: LifecycleEvent) => Promise<void>,
    options: VerbOptions,
  ): Promise<void> {
    optionsMustBeSound(options);
    const { signal } = options;
    signal?.throwIfAborted();
    const starting = new LinkedAbort(signal);
    this.#starting.set(starting, host);
    try {
      await this.#turns.runExclusive(itself, starting.signal, async () => {
        await this.#leave();
        await this.#start(host, emit, starting.signal);
      });
    } finally {
      this.#starting.delete(starting);
      starting.unlink();
    }
  }

  /**
   * Refuses the name of another host than the one that the driver serves, or begins to serve.
   *
   * @throws InvalidInput when there is such a host and it has another name.
   */
  mustServe(host: string): void {
    const hosts = [...this.#starting.values()];
    if (this.#running !== undefined) hosts.push(this.#running.host);
    if (hosts.length > 0 && !hosts.includes(host))
      throw new InvalidInput(`This driver serves host ${hosts.join(' and ')}, not ${host}`);
  }

  /**
   * Refuses further verbs, and aborts running verbs and a running start. Once they have rolled back, stops following
   * events and closes all connections. The instances keep running.
   */
  async stop(): Promise<void> {
    const reason = new HypervisorUnavailable('The driver leaves the host that it has just begun to serve');
    for (const starting of this.#starting.keys()) starting.abort(reason);
    this.#running?.breakOff();
    await this.#turns.runExclusive(itself, undefined, () => this.#leave());
  }

  async #start(
    host: string,
    emit: (event: LifecycleEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const node = assembleNode(host, this.#address, this.#options, this.settings, this.logger);
    const { engine, logger } = node;
    const began = steadyNow();
    const events = new EventFollower({
      engine,
      host,
      emit,
      wasSuspended: (uuid, leaving) => wasSuspended(engine, host, node.states, uuid, leaving),
      logger,
    });
    try {
      await engine.negotiate({ signal });
      await reconcile(node, signal);
      await node.rootDisks.prepare(signal);
      await events.start(signal);
    } catch (error) {
      await events.stop();
      engine.close();
      signal.throwIfAborted();
      throw novaException(error, `use the engine of host ${host}`, undefined, HypervisorUnavailable);
    }
    this.#running = new RunningHost(node, events, (leaving) =>
      reconcileAgain(
        node,
        (uuid, work) => this.#turns.runExclusive(uuid.toLowerCase(), leaving, work),
        began,
        leaving,
      ),
    );
  }

  async #leave(): Promise<void> {
    await this.#running?.leave();
    this.#running = undefined;
  }

  /**
   * Runs a verb that changes an instance, once all earlier verbs on that instance have ended.
   *
   * @param verb - the verb, for error messages.
   * @param failure - the exception when the engine refuses.
   */
  async change<T>(
    verb: string,
    instance: Instance,
    options: LongRunningOptions,
    failure: VerbFailure,
    work: Work<T>,
  ): Promise<T> {
    return await this.#run(verb, instance, options, failure, (node, signal, onProgress) =>
      this.#turns.runExclusive(instance.uuid, signal, () => work(node, signal, onProgress)),
    );
  }

  /**
   * Like {@link change}, for a verb that needs the instance's container. The container must belong to this host's
   * instance: another program's container may have the same name.
   *
   * @throws InstanceNotFound when there is no such container.
   */
  async changeContainer(
    verb: string,
    instance: Instance,
    options: VerbOptions,
    failure: VerbFailure,
    work: (node: ComputeNode, container: ContainerInspect, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.change(verb, instance, options, failure, async (node, signal) => {
      await work(node, await inspectInstance(node.engine, node.host, instance, signal), signal);
    });
  }

  /** Like {@link changeContainer}, but without a container the verb is a no-op, and a warning is logged. */
  async changeContainerIfThere(
    verb: string,
    instance: Instance,
    options: VerbOptions,
    failure: VerbFailure,
    work: (node: ComputeNode, container: ContainerInspect, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.change(verb, instance, options, failure, async (node, signal) => {
      const container = await findInstance(node.engine, node.host, instance, signal);
      if (container !== undefined) await work(node, container, signal);
      else this.logger.warn(`there is no instance to ${verb}`, { instance: instance.uuid });
    });
  }

  /**
   * Like {@link change}, but releases the instance's lock before `rest`.
   *
   * @param rest - the part that does not need the instance any more. It runs whenever `work` has succeeded, even if the
   * signal has aborted.
   */
  async changeAndGoOn<T>(
    verb: string,
    instance: Instance,
    options: LongRunningOptions,
    failure: VerbFailure,
    work: Work<T>,
    rest: (done: T) => Promise<void>,
  ): Promise<void> {
    await this.#run(verb, instance, options, failure, async (node, signal, onProgress) => {
      const turn = (): Promise<T> => work(node, signal, onProgress);
      await rest(await this.#turns.runExclusive(instance.uuid, signal, turn));
    });
  }

  /** Runs a verb that only reads an instance. It takes no lock. */
  async look<T>(
    verb: string,
    instance: Instance,
    options: VerbOptions,
    work: (node: ComputeNode, container: ContainerInspect, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return await this.#run(verb, instance, options, NovaException, async (node, signal) => {
      return await work(node, await inspectInstance(node.engine, node.host, instance, signal), signal);
    });
  }

  /**
   * Runs a verb that concerns the host.
   *
   * @throws HypervisorUnavailable when the engine does not answer; NovaException when it refuses.
   */
  async ask<T>(what: string, options: LongRunningOptions, work: Work<T>): Promise<T> {
    optionsMustBeSound(options);
    const { signal, onProgress } = options;
    return await this.#serving().run(signal, async (node, merged) => {
      try {
        return await work(node, merged, guardListener(onProgress, this.logger));
      } catch (error) {
        throw novaException(error, what, undefined, NovaException);
      }
    });
  }

  async #run<T>(
    verb: string,
    instance: Instance,
    options: LongRunningOptions,
    failure: VerbFailure,
    work: Work<T>,
  ): Promise<T> {
    optionsMustBeSound(options);
    const { signal, onProgress } = options;
    return await this.#serving().run(signal, async (node, merged) => {
      try {
        return await work(node, merged, guardListener(onProgress, this.logger));
      } catch (error) {
        throw novaException(error, verb, instance, failure);
      }
    });
  }

  #serving(): RunningHost {
    if (this.#running === undefined) throw new NovaException('The driver has no host: init_host comes first');
    return this.#running;
  }
}
