import PQueue from 'p-queue';
import type { Instance, LifecycleEvent, Logger, VerbOptions } from '../interfaces/index.js';
import { HypervisorUnavailable, InvalidInput, NovaException } from '../interfaces/index.js';
import type { DockerDriverOptions, Settings } from './driver-options.js';
import { defaultImageDirectory, settingsOf, silentLogger } from './driver-options.js';
import type { ContainerInspect, EngineAddress } from './engine/index.js';
import { Engine, engineAddress } from './engine/index.js';
import { EventFollower } from './events/index.js';
import { DirectoryImageService, ImageLoader } from './images/index.js';
import type { VerbFailure } from './instances/index.js';
import { findInstance, inspectInstance, Notes, novaException, RootDisks } from './instances/index.js';
import { Networks } from './network/index.js';
import { Turns } from './streams/index.js';
import type { ComputeNode } from './verbs/index.js';
import { reconcile } from './verbs/index.js';

/** What the turns of starting and stopping are named after; no instance's uuid looks like it. */
const itself = 'the host itself';

/**
 * The compute host that a driver serves, from `init_host` to `cleanup_host`: the rooms a verb works with, the turns that verbs take, and what
 * their errors mean to Nova.
 */
export class ComputeHost {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly #options: DockerDriverOptions;
  readonly #address: EngineAddress;
  readonly #turns = new Turns();
  #running: { readonly node: ComputeNode; readonly events: EventFollower } | undefined;

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
   * @param emit - told about each event.
   * @throws HypervisorUnavailable when the engine does not answer or speaks no API version that the driver knows.
   */
  async start(host: string, emit: (event: LifecycleEvent) => void, { signal }: VerbOptions): Promise<void> {
    if (host === '') throw new InvalidInput('A compute host must have a name');
    await this.#turns.take(itself, signal, async () => {
      await this.#stop();
      await this.#start(host, emit, signal);
    });
  }

  /** Stops following and closes all connections. The instances go on. */
  async stop(): Promise<void> {
    await this.#turns.take(itself, undefined, () => this.#stop());
  }

  async #start(
    host: string,
    emit: (event: LifecycleEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const node = this.#assemble(host);
    const events = new EventFollower({ engine: node.engine, host, emit, logger: this.logger });
    try {
      await node.engine.negotiate({ signal });
      await reconcile(node);
      await events.start();
    } catch (error) {
      node.engine.close();
      throw unavailable(error, `The engine of host ${host} cannot be used`, signal);
    }
    this.#running = { node, events };
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.events.stop();
    running?.node.engine.close();
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
    { signal }: VerbOptions,
    failure: VerbFailure,
    work: (node: ComputeNode) => Promise<T>,
  ): Promise<T> {
    return await this.#turns.take(instance.uuid.toLowerCase(), signal, () =>
      this.#run(verb, instance, signal, failure, work),
    );
  }

  /**
   * Runs a verb that changes the container of an instance, which must be there and this host's: what bears its name may be somebody else's.
   *
   * @throws InstanceNotFound when it is not.
   */
  async changeContainer(
    verb: string,
    instance: Instance,
    options: VerbOptions,
    failure: VerbFailure,
    work: (node: ComputeNode, container: ContainerInspect) => Promise<void>,
  ): Promise<void> {
    await this.change(verb, instance, options, failure, async (node) => {
      await work(node, await inspectInstance(node.engine, node.host, instance, options.signal));
    });
  }

  /** Does the same where the container is there; where it is not, the verb has nothing to do, and says so in the log. */
  async changeContainerIfThere(
    verb: string,
    instance: Instance,
    options: VerbOptions,
    failure: VerbFailure,
    work: (node: ComputeNode, container: ContainerInspect) => Promise<void>,
  ): Promise<void> {
    await this.change(verb, instance, options, failure, async (node) => {
      const container = await findInstance(node.engine, node.host, instance, options.signal);
      if (container !== undefined) await work(node, container);
      else this.logger.warn(`there is no instance to ${verb}`, { instance: instance.uuid });
    });
  }

  /** Runs the part of a verb that has all it needs of its instance: it waits for nobody, and nobody waits for it. */
  async goOn(
    verb: string,
    instance: Instance,
    { signal }: VerbOptions,
    failure: VerbFailure,
    work: () => Promise<void>,
  ): Promise<void> {
    await this.#run(verb, instance, signal, failure, work);
  }

  /** Runs a verb that only looks at an instance: it waits for nobody. */
  async look<T>(
    verb: string,
    instance: Instance,
    { signal }: VerbOptions,
    work: (node: ComputeNode, container: ContainerInspect) => Promise<T>,
  ): Promise<T> {
    return await this.#run(verb, instance, signal, NovaException, async (node) => {
      return await work(node, await inspectInstance(node.engine, node.host, instance, signal));
    });
  }

  /** Runs a verb that is about the host. */
  async ask<T>(what: string, { signal }: VerbOptions, work: (node: ComputeNode) => Promise<T>): Promise<T> {
    try {
      return await work(this.#node());
    } catch (error) {
      throw unavailable(error, `Could not ${what}`, signal);
    }
  }

  async #run<T>(
    verb: string,
    instance: Instance,
    signal: AbortSignal | undefined,
    failure: VerbFailure,
    work: (node: ComputeNode) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(this.#node());
    } catch (error) {
      throw isAbort(error, signal) ? error : novaException(error, verb, instance, failure);
    }
  }

  #node(): ComputeNode {
    if (this.#running === undefined) throw new NovaException('The driver has no host: init_host comes first');
    return this.#running.node;
  }

  #assemble(host: string): ComputeNode {
    const { logger, settings } = this;
    const { timeouts = {}, imageLimits = {} } = this.#options;
    const engine = new Engine(this.#address, { logger, timeouts });
    const imageService =
      this.#options.imageService ?? new DirectoryImageService({ directory: defaultImageDirectory() });
    return {
      host,
      engine,
      imageService,
      imageLoader: new ImageLoader({
        engine,
        imageService,
        host,
        limits: imageLimits,
        concurrency: settings.maxLoads,
        logger,
      }),
      networks: new Networks({ engine, host, logger }),
      notes: new Notes(engine, host),
      launches: new PQueue({ concurrency: settings.maxLaunches }),
      policy: settings,
      rootDisks: new RootDisks({ engine, logger }),
      pauseForSnapshot: settings.pauseForSnapshot,
      virtapi: this.#options.virtapi,
      vifPlugging: {
        timeout: settings.vifPluggingTimeout,
        fatal: settings.vifPluggingIsFatal,
        logger,
      },
      migrationEngine: async (dest) => {
        const address = await this.#options.migrationEngine?.(dest);
        return address === undefined ? undefined : new Engine(engineAddress(address), { logger, timeouts });
      },
      logger,
    };
  }
}

function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason;
}

function unavailable(error: unknown, what: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof NovaException || isAbort(error, signal)) return error;
  return new HypervisorUnavailable(`${what}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
