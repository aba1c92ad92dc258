import type {
  ExternalEventName,
  Instance,
  Logger,
  NetworkInfo,
  VirtAPI,
  WaitForInstanceEventOptions,
} from '../../interfaces/index.js';
import { VirtualInterfaceCreateException } from '../../interfaces/index.js';
import { asError, Deadline, DeadlineExceeded, raceSignal } from '../streams/index.js';

/** The operator's settings for the wait until an instance's interfaces are plugged. */
export interface VifPluggingPolicy {
  /** Seconds to wait after the instance was started; 0 disables the wait. */
  readonly vifPluggingTimeoutSeconds: number;
  /** Whether a missing report fails the instance; otherwise the driver logs a warning and continues. */
  readonly vifPluggingIsFatal: boolean;
}

/** Options of {@link whilePlugging}. */
interface VifPlugging extends VifPluggingPolicy {
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
}

/** How long to wait. */
interface Patience {
  /** Seconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects and starts an instance, and waits until the network service has reported each interface that was down before
 * as plugged.
 *
 * A report of failure counts like a missing report: it fails the instance if that is fatal; otherwise the wait for the
 * other interfaces continues.
 *
 * Nova: `_create_guest_with_network`, `_neutron_failed_callback` and `_get_neutron_events` of its libvirt driver,
 * `vif_plugging_timeout` and `vif_plugging_is_fatal`.
 *
 * @param virtapi - the orchestrator that delivers the reports; without one there is no wait.
 * @param action - connects and starts the instance.
 * @returns what `action` returns.
 * @throws VirtualInterfaceCreateException when a report is missing and that is fatal, or when the orchestrator does not
 * begin to listen within the same timeout, or stops listening without having called `action`.
 * @throws what `action` throws; the signal's reason when it aborts during the wait.
 */
export async function whilePlugging<T>(
  virtapi: VirtAPI | undefined,
  instance: Instance,
  network_info: NetworkInfo | null | undefined,
  { vifPluggingTimeoutSeconds: timeout, vifPluggingIsFatal, signal, logger }: VifPlugging,
  action: () => Promise<T>,
): Promise<T> {
  const events = pluggingEvents(network_info);
  if (virtapi === undefined || timeout === 0 || events.length === 0) return await action();
  signal?.throwIfAborted();
  const start = new Start(action);
  const error_callback = (event_name: string): boolean => {
    logger.error('the network service reported a failure of an interface', {
      instance: instance.uuid,
      event: event_name,
    });
    if (!vifPluggingIsFatal) return true;
    throw new VirtualInterfaceCreateException(
      `The network service reported a failure for instance ${instance.uuid}: ${event_name}`,
      { instance_uuid: instance.uuid },
    );
  };
  const waiting = listen(virtapi, instance, events, { timeout, error_callback, signal }, start);
  try {
    const beginning = Promise.race([waiting, start.begun]);
    await withinTime('the beginning of the wait for its interfaces', beginning, { timeout, signal });
  } catch (error) {
    if (start.refuseFrom(error)) throw notListening(error, instance, timeout);
  }
  const value = await start.outcome(instance);
  try {
    await withinTime('the report of its interfaces', waiting, { timeout, signal });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    if (error instanceof VirtualInterfaceCreateException) throw error;
    const ports = events.map(([, tag]) => tag);
    if (vifPluggingIsFatal)
      throw new VirtualInterfaceCreateException(
        `The interfaces of instance ${instance.uuid} were not all reported as plugged within ${timeout} s: ${ports.join(', ')}`,
        { cause: error, instance_uuid: instance.uuid },
      );
    logger.warn('the interfaces of an instance were not all reported as plugged', {
      instance: instance.uuid,
      ports,
      error,
    });
  }
  return value;
}

/**
 * Makes the orchestrator listen for the reports. Async, so that a synchronous throw of the orchestrator becomes a
 * rejection too.
 */
async function listen<T>(
  virtapi: VirtAPI,
  instance: Instance,
  events: readonly ExternalEventName[],
  { timeout, error_callback, signal }: Patience & Pick<WaitForInstanceEventOptions, 'error_callback'>,
  start: Start<T>,
): Promise<void> {
  const options = {
    ...{ timeout, deadline: timeout },
    ...(error_callback === undefined ? {} : { error_callback }),
    ...(signal === undefined ? {} : { signal }),
  };
  await virtapi.wait_for_instance_event(instance, events, options, start.begin);
}

/**
 * The start of an instance, as the orchestrator calls it. The orchestrator may call it late, twice or never, and give
 * up while it runs. This class guarantees that the instance starts at most once and that the outcome is known.
 */
class Start<T> {
  /** Resolves when the start begins. */
  readonly begun: Promise<void>;
  readonly #action: () => Promise<T>;
  #begin: () => void = () => undefined;
  #running: Promise<T> | undefined;
  #refusal: { readonly reason: unknown } | undefined;

  constructor(action: () => Promise<T>) {
    this.#action = action;
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  /** Starts the instance, unless the start was refused; further calls return the same promise. */
  readonly begin = (): Promise<T> => {
    if (this.#running === undefined && this.#refusal !== undefined)
      return Promise.reject(asError(this.#refusal.reason));
    this.#running ??= this.#action();
    // The orchestrator may ignore the promise; the driver awaits it in `outcome`.
    this.#running.catch(() => undefined);
    this.#begin();
    return this.#running;
  };

  /** Refuses a start from now on. @returns whether the start never began. */
  refuseFrom(reason: unknown): boolean {
    this.#refusal = { reason };
    return this.#running === undefined;
  }

  /**
   * Awaits the start, without a signal or deadline: an instance that is still being created cannot be rolled back.
   *
   * @throws what the action throws; VirtualInterfaceCreateException when the orchestrator finished listening without
   * having started the instance.
   */
  async outcome({ uuid: instance_uuid }: Instance): Promise<T> {
    if (this.#running !== undefined) return await this.#running;
    this.refuseFrom(new Error('the wait for its interfaces is over'));
    throw new VirtualInterfaceCreateException(
      `The orchestrator waited for the interfaces of instance ${instance_uuid} without having it started`,
      { instance_uuid },
    );
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
async function withinTime<T>(what: string, promise: Promise<T>, { timeout, signal }: Patience): Promise<T> {
  const deadline = new Deadline(what, timeout * 1000, signal);
  try {
    return await raceSignal(promise, deadline.signal);
  } finally {
    deadline.clear();
  }
}
