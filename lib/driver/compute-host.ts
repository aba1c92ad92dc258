import { z } from 'zod';
import type {
  Instance,
  LifecycleEvent,
  Logger,
  LongRunningOptions,
  VerbOptions,
} from '../../interfaces/index.js';
import { HypervisorUnavailable, InvalidInput, NovaException } from '../../interfaces/index.js';
import { assembleNode, isLocal } from './assemble-node.js';
import type { DockerDriverOptions, Settings } from './options.js';
import { settingsOf } from './options.js';
import type { EngineAddress } from '../engine/index.js';
import { engineAddress } from '../engine/index.js';
import { EventFollower } from '../events/index.js';
import { toNovaException, wasSuspended } from '../instances/index.js';
import { RunningHost } from './running-host.js';
import { usableLogger } from '../common/index.js';
import { guardListener, LinkedAbort, steadyNow, KeyedMutex } from '../streams/index.js';
import type { ComputeNode, OfInstance, Subjects, Verb } from '../verbs/index.js';
import {
  normalizedSubjects,
  OrchestratorFailure,
  reconcile,
  reconcileAgain,
  schemas,
  validateArguments,
  validateOptions,
} from '../verbs/index.js';

/** The key of the lock for starting and stopping. It cannot equal an instance's uuid. */
const itself = 'the host itself';

/**
 * The compute host that a driver serves, from `init_host` to `cleanup_host`. It runs verbs under their instance's lock
 * and converts their errors into Nova's exceptions.
 */
export class ComputeHost {
  /** The plain options, validated and with defaults. */
  readonly policy: Settings;
  /** Whether the engine is on this machine. */
  readonly isLocal: boolean;
  readonly logger: Logger;
  readonly #options: DockerDriverOptions;
  readonly #address: EngineAddress;
  readonly #locks = new KeyedMutex();
  #running: RunningHost | undefined;
  /** The host of each start that runs or waits for that lock, by what aborts the start. */
  readonly #starting = new Map<LinkedAbort, string>();

  /** @throws InvalidInput naming each invalid option. */
  constructor(options: DockerDriverOptions) {
    this.policy = settingsOf(options);
    this.logger = usableLogger(options.logger);
    this.#options = options;
    this.#address = engineAddress(options.engine);
    this.isLocal = isLocal(this.#address);
  }

  /**
   * Connects to the engine, repairs what a crash left, and begins to follow the events of the instances.
   *
   * It leaves the host that it serves first: if the start fails then, the driver serves no host.
   *
   * @param host - Nova's name of the compute host.
   * @param emit - called with each event, once the call for the previous event has ended.
   * @param onLost - called when the start has failed and the driver has left the host that it served before.
   * @throws InvalidInput when the host has no name.
   * @throws HypervisorUnavailable when the engine does not answer, or supports no API version that the driver supports.
   */
  async start(
    host: string,
    emit: (event: LifecycleEvent) => Promise<void>,
    onLost: () => void,
    options: VerbOptions,
  ): Promise<void> {
    validateArguments({ host: schemas.hostName }, { host });
    validateOptions(options);
    const { signal } = options;
    signal?.throwIfAborted();
    const starting = new LinkedAbort(signal);
    this.#starting.set(starting, host);
    try {
      await this.#locks.runExclusive(itself, starting.signal, async () => {
        const hadHost = this.isServing;
        await this.#leave();
        try {
          await this.#start(host, emit, starting.signal);
        } catch (error) {
          if (hadHost) onLost();
          throw error;
        }
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
  validateHost(host: string): void {
    const hosts = [...this.#starting.values()];
    if (this.#running !== undefined) hosts.push(this.#running.host);
    if (hosts.length > 0 && !hosts.includes(host))
      throw new InvalidInput(`This driver serves host ${hosts.join(' and ')}, not ${host}`);
  }

  /** Whether the driver serves a host. */
  get isServing(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Refuses further verbs, and aborts running verbs and a running start. Once they have rolled back, stops following
   * events and closes all connections. The instances keep running.
   *
   * @param host - the only host to leave, also if the start of another one waits. Default: whichever there is.
   */
  async stop(host?: string): Promise<void> {
    const isMeant = (name: string): boolean => host === undefined || name === host;
    const reason = new HypervisorUnavailable('cleanup_host was called before init_host had finished');
    for (const [starting, name] of this.#starting) if (isMeant(name)) starting.abort(reason);
    if (this.#running !== undefined && isMeant(this.#running.host)) this.#running.abortVerbs();
    await this.#locks.runExclusive(itself, undefined, async () => {
      if (this.#running !== undefined && isMeant(this.#running.host)) await this.#leave();
    });
  }

  async #start(
    host: string,
    emit: (event: LifecycleEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const node = assembleNode(host, this.#address, this.#options, this.policy, this.logger);
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
      await node.snapshotReceiver?.start();
      await engine.negotiate({ signal });
      await reconcile(node, signal);
      await node.rootDisks.prepare(signal);
      await events.start(signal);
    } catch (error) {
      await events.stop();
      await node.snapshotReceiver?.close();
      engine.close();
      signal.throwIfAborted();
      throw toNovaException(error, `use the engine of host ${host}`, undefined, HypervisorUnavailable);
    }
    this.#running = new RunningHost(node, events, (leaving) =>
      reconcileAgain(
        node,
        (uuid, work) => this.#locks.runExclusive(uuid.toLowerCase(), leaving, work),
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
   * Runs a verb: validates its arguments, waits for its lock, and converts what it throws to a Nova exception.
   *
   * @param subjects - the positional arguments, by name.
   * @throws InvalidInput naming the first malformed argument, before anything is done.
   * @throws the verb's failure when the engine refuses; HypervisorUnavailable when the engine does not answer.
   * @throws the signal's reason when the caller's signal aborts.
   */
  async run<Given extends Subjects, Options extends LongRunningOptions, Result>(
    verb: Verb<Given, Options, Result>,
    subjects: Given,
    options: Options,
  ): Promise<Result> {
    validateArguments(verb.arguments, subjects);
    validateOptions(options);
    validateArguments(verb.options ?? {}, options);
    const given = normalizedSubjects(subjects);
    return await this.#serving().run(options.signal, (node, signal) =>
      this.#execute(node, verb, given, options, signal),
    );
  }

  /** Runs a verb on each of several instances, at once. A failure is logged, and does not stop the others. */
  async runOnEach<Given extends Subjects, Options extends LongRunningOptions>(
    verb: Verb<Given & OfInstance, Options, void>,
    instances: readonly Instance[],
    subjects: Given,
    options: Options,
  ): Promise<void> {
    const { instance: schema, ...others } = verb.arguments;
    validateArguments({ ...others, instances: z.array(schema) }, { ...subjects, instances });
    validateOptions(options);
    const running = instances.map(async (instance) => {
      try {
        await this.run(verb, { ...subjects, instance }, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        this.logger.error('a verb for several instances failed for one of them', {
          instance: instance.uuid,
          error,
        });
      }
    });
    await Promise.all(running);
  }

  async #execute<Given extends Subjects, Options extends LongRunningOptions, Result>(
    node: ComputeNode,
    verb: Verb<Given, Options, Result>,
    subjects: Given,
    options: Options,
    signal: AbortSignal,
  ): Promise<Result> {
    const { instance } = subjects;
    const onProgress = guardListener(options.onProgress, this.logger);
    let release: (() => void) | undefined;
    const releaseLock = (): void => {
      release?.();
      release = undefined;
    };
    const acquireLock = async (until = signal): Promise<void> => {
      if (instance !== undefined) release ??= await this.#locks.acquire(instance.uuid, until);
    };
    try {
      if (verb.lock === 'instance') await acquireLock();
      return await verb.run(node, { ...options, ...subjects, signal, onProgress, releaseLock, acquireLock });
    } catch (error) {
      if (error instanceof OrchestratorFailure) throw error.cause;
      const action = typeof verb.action === 'string' ? verb.action : verb.action(subjects);
      throw toNovaException(error, action, instance, verb.failure);
    } finally {
      releaseLock();
    }
  }

  #serving(): RunningHost {
    if (this.#running === undefined)
      throw new NovaException('The driver serves no host: call init_host first');
    return this.#running;
  }
}
