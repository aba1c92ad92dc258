import type {
  Instance,
  LifecycleEvent,
  Logger,
  LongRunningOptions,
  OnProgress,
  VerbOptions,
} from '../../interfaces/index.js';
import { HypervisorUnavailable, NovaException } from '../../interfaces/index.js';
import { assembleNode } from './assemble-node.js';
import type { DockerDriverOptions, Settings } from './options.js';
import { settingsOf } from './options.js';
import type { ContainerInspect, EngineAddress } from '../engine/index.js';
import { engineAddress } from '../engine/index.js';
import { EventFollower } from '../events/index.js';
import type { VerbFailure } from '../instances/index.js';
import { findInstance, inspectInstance, novaException, wasSuspended } from '../instances/index.js';
import { RunningHost } from './running-host.js';
import { silentLogger } from '../common/index.js';
import { harmless, LinkedAbort, steadyNow, Turns } from '../streams/index.js';
import { optionsMustBeSound } from '../verbs/index.js';
import type { ComputeNode } from '../verbs/index.js';
import { reconcile, reconcileAgain } from '../verbs/index.js';

/** What the turns of starting and stopping are named after; no instance's uuid looks like it. */
const itself = 'the host itself';

/**
 * What a verb does. Its signal aborts when the caller's does, or when the host is left; a mistake of the listener to
 * its progress does not end it.
 */
type Work<T> = (node: ComputeNode, signal: AbortSignal, onProgress: OnProgress | undefined) => Promise<T>;

/**
 * The compute host that a driver serves, from `init_host` to `cleanup_host`: the turns that verbs take on it, and what
 * their errors mean to Nova.
 */
export class ComputeHost {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly #options: DockerDriverOptions;
  readonly #address: EngineAddress;
  readonly #turns = new Turns();
  #running: RunningHost | undefined;
  /** What breaks off each start that is under way or waits for its turn. */
  readonly #starting = new Set<LinkedAbort>();

  /** @throws InvalidInput naming each option that cannot be used. */
  constructor(options: DockerDriverOptions) {
    this.settings = settingsOf(options);
    this.logger = options.logger ?? silentLogger;
    this.#options = options;
    this.#address = engineAddress(options.engine);
  }

  /** Whether the engine is on this machine. */
  get isLocal(): boolean {
    return 'socketPath' in this.#address;
  }

  /**
   * Connects to the engine, puts right what a crash left, and begins to follow what happens to the instances.
   *
   * @param host - Nova's name of the compute host.
   * @param emit - told about each event when it has taken the one before.
   * @throws HypervisorUnavailable when the engine does not answer or speaks no API version that the driver knows.
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
    this.#starting.add(starting);
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
   * Refuses all verbs from now on and breaks off those under way, and a start that is; when they have undone what they
   * did, stops following and closes all connections. The instances go on.
   */
  async stop(): Promise<void> {
    const reason = new HypervisorUnavailable('The driver leaves the host that it has just begun to serve');
    for (const starting of this.#starting) starting.abort(reason);
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
   * Runs a verb that changes an instance, when all earlier ones on the same instance have ended.
   *
   * @param verb - for messages: what was tried.
   * @param failure - what it means when the engine refuses.
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
   * Runs a verb that changes the container of an instance, which must be there and this host's: what bears its name may
   * be somebody else's.
   *
   * @throws InstanceNotFound when it is not.
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

  /**
   * Does the same where the container is there; where it is not, the verb has nothing to do, and says so in the log.
   */
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
   * Does the same as {@link change} for a verb whose second part has all that it needs of the instance: that waits for
   * nobody, and nobody waits for it.
   *
   * @param rest - the second part; it runs whenever the first one has succeeded, be it with a signal that has aborted.
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

  /** Runs a verb that only looks at an instance: it waits for nobody. */
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
   * Runs a verb that is about the host.
   *
   * @throws HypervisorUnavailable when the engine does not answer, NovaException when it refuses.
   */
  async ask<T>(what: string, options: LongRunningOptions, work: Work<T>): Promise<T> {
    optionsMustBeSound(options);
    const { signal, onProgress } = options;
    return await this.#serving().run(signal, async (node, merged) => {
      try {
        return await work(node, merged, harmless(onProgress, this.logger));
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
        return await work(node, merged, harmless(onProgress, this.logger));
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
