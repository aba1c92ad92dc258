import type { ExternalEventName, Instance, Logger, NetworkInfo, VirtAPI } from '../../interfaces/index.js';
import { VirtualInterfaceCreateException } from '../../interfaces/index.js';
import { asError, Deadline, DeadlineExceeded, raceSignal } from '../streams/index.js';

/** The operator's settings for the wait until an instance's interfaces are plugged. */
export interface VifPluggingPolicy {
  /** Seconds to wait after the instance was started; 0 disables the wait. */
  readonly vifPluggingTimeoutSeconds: number;
  /** Whether a missing report fails the instance; otherwise the driver logs a warning and continues. */
  readonly vifPluggingIsFatal: boolean;
}

/** How long to wait. */
interface WaitLimits {
  /** Seconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link PluggingWait.begin}. */
interface PluggingOptions extends VifPluggingPolicy {
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
}

/**
 * The wait until the network service has reported each interface that was down as plugged. The caller begins the wait,
 * starts the instance, and then calls {@link reported}, or {@link fail} if the start failed.
 *
 * For the orchestrator, the wait is a context manager whose body starts the instance. It may call the body late, twice
 * or never, and give up while it runs. Here the body is a promise, so the instance is started once at most.
 *
 * Nova: `_create_guest_with_network`, `_neutron_failed_callback` and `_get_neutron_events` of its libvirt driver,
 * `vif_plugging_timeout` and `vif_plugging_is_fatal`.
 */
export class PluggingWait {
  readonly #instance: Instance;
  readonly #events: readonly ExternalEventName[];
  readonly #options: PluggingOptions;
  /** The body of the context manager. */
  readonly #body = new Deferred();
  /** Resolves when the orchestrator calls the body. */
  readonly #entered = new Deferred();
  readonly #listening: Promise<void>;
  #isEntered = false;
  /** Why the body is refused from now on, if it is. */
  #refusal: Error | undefined;

  private constructor(
    virtapi: VirtAPI,
    instance: Instance,
    events: readonly ExternalEventName[],
    options: PluggingOptions,
  ) {
    this.#instance = instance;
    this.#events = events;
    this.#options = options;
    this.#listening = this.#listen(virtapi);
  }

  /**
   * Makes the orchestrator listen for the reports.
   *
   * @param virtapi - the orchestrator that delivers the reports; without one there is no wait.
   * @returns undefined when there is nothing to wait for.
   * @throws VirtualInterfaceCreateException when the orchestrator does not begin to listen within the timeout, or stops
   * listening without having called the body.
   * @throws what the orchestrator throws; the signal's reason when it aborts.
   */
  static async begin(
    virtapi: VirtAPI | undefined,
    instance: Instance,
    network_info: NetworkInfo | null | undefined,
    options: PluggingOptions,
  ): Promise<PluggingWait | undefined> {
    const events = pluggingEvents(network_info);
    if (virtapi === undefined || options.vifPluggingTimeoutSeconds === 0 || events.length === 0)
      return undefined;
    options.signal?.throwIfAborted();
    const wait = new PluggingWait(virtapi, instance, events, options);
    await wait.#begun();
    return wait;
  }

  /**
   * Waits for the reports, after the instance was started. A report of failure counts like a missing report: it fails
   * the instance if that is fatal; otherwise the wait for the other interfaces continues.
   *
   * @throws VirtualInterfaceCreateException when a report is missing and that is fatal; the signal's reason when it
   * aborts.
   */
  async reported(): Promise<void> {
    const { vifPluggingTimeoutSeconds: timeout, vifPluggingIsFatal, signal, logger } = this.#options;
    const { uuid: instance_uuid } = this.#instance;
    this.#body.resolve();
    try {
      await withinTime('the report of its interfaces', this.#listening, { timeout, signal });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (error instanceof VirtualInterfaceCreateException) throw error;
      const ports = this.#events.map(([, tag]) => tag);
      if (vifPluggingIsFatal)
        throw new VirtualInterfaceCreateException(
          `The interfaces of instance ${instance_uuid} were not all reported as plugged within ${timeout} s: ${ports.join(', ')}`,
          { cause: error, instance_uuid },
        );
      logger.warn('the orchestrator did not report all interfaces of an instance as plugged', {
        instance: instance_uuid,
        ports,
        error,
      });
    }
  }

  /** Tells the orchestrator that the instance could not be started. It does not wait for the orchestrator. */
  fail(error: unknown): void {
    this.#body.reject(asError(error));
  }

  /** Async, so that a synchronous throw of the orchestrator becomes a rejection too. */
  async #listen(virtapi: VirtAPI): Promise<void> {
    const { vifPluggingTimeoutSeconds: timeout, signal } = this.#options;
    const options = {
      ...{ timeout, deadline: timeout },
      error_callback: (event_name: string): boolean => this.#onFailure(event_name),
      ...(signal === undefined ? {} : { signal }),
    };
    await virtapi.wait_for_instance_event(this.#instance, this.#events, options, () => this.#enter());
  }

  /** The body, as the orchestrator calls it. Each call returns the same promise. */
  #enter(): Promise<void> {
    if (!this.#isEntered && this.#refusal !== undefined) return Promise.reject(this.#refusal);
    this.#isEntered = true;
    this.#entered.resolve();
    return this.#body.promise;
  }

  async #begun(): Promise<void> {
    const { vifPluggingTimeoutSeconds: timeout, signal } = this.#options;
    try {
      const beginning = Promise.race([this.#listening, this.#entered.promise]);
      await withinTime('the beginning of the wait for its interfaces', beginning, { timeout, signal });
    } catch (error) {
      this.#refusal = asError(error);
      if (!this.#isEntered) throw notListening(error, this.#instance, timeout);
    }
    if (this.#isEntered) return;
    this.#refusal = new Error('the wait for its interfaces is over');
    const { uuid: instance_uuid } = this.#instance;
    throw new VirtualInterfaceCreateException(
      `wait_for_instance_event did not call its callback for instance ${instance_uuid}, which therefore was not started`,
      { instance_uuid },
    );
  }

  #onFailure(event: string): boolean {
    const { vifPluggingIsFatal, logger } = this.#options;
    const { uuid: instance_uuid } = this.#instance;
    logger.error('the network service reported a failure of an interface', {
      instance: instance_uuid,
      event,
    });
    if (!vifPluggingIsFatal) return true;
    throw new VirtualInterfaceCreateException(
      `The network service reported a failure for instance ${instance_uuid}: ${event}`,
      { instance_uuid },
    );
  }
}

/** A promise that its owner settles. A rejection without a handler is not an error. */
class Deferred {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}

/** The network service reports only interfaces that are down; for others the wait would never end. */
function pluggingEvents(network_info: NetworkInfo | null | undefined): ExternalEventName[] {
  return (network_info ?? [])
    .filter(({ active, vnic_type }) => active === false && vnic_type !== 'remote-managed')
    .map(({ id }) => ['network-vif-plugged', id]);
}

function notListening(error: unknown, { uuid: instance_uuid }: Instance, timeout: number): unknown {
  if (!(error instanceof DeadlineExceeded)) return error;
  return new VirtualInterfaceCreateException(
    `The orchestrator did not begin to wait for the interfaces of instance ${instance_uuid} within ${timeout} s`,
    { cause: error, instance_uuid },
  );
}

/** Awaits a promise, for `timeout` seconds at most. */
async function withinTime<T>(what: string, promise: Promise<T>, { timeout, signal }: WaitLimits): Promise<T> {
  const deadline = new Deadline(what, timeout * 1000, signal);
  try {
    return await raceSignal(promise, deadline.signal);
  } finally {
    deadline.clear();
  }
}
