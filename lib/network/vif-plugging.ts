import type {
  ExternalEventName,
  Instance,
  Logger,
  NetworkInfo,
  VirtAPI,
  WaitForInstanceEventOptions,
} from '../../interfaces/index.js';
import { VirtualInterfaceCreateException } from '../../interfaces/index.js';
import { asError, Deadline, DeadlineExceeded, unlessAborted } from '../streams/index.js';

/** What the operator's configuration says of the wait for an instance's interfaces to be wired up. */
export interface VifPluggingPolicy {
  /** Seconds to wait after the instance was started; 0 does not wait. */
  readonly vifPluggingTimeout: number;
  /** Whether an instance whose interfaces are not reported in time has failed; else it goes on without. */
  readonly vifPluggingIsFatal: boolean;
}

/** How to wait. */
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
 * Connects and starts an instance, and waits until the network service has reported each of its interfaces that was
 * down before.
 *
 * A port that is reported as failed is a failure where a missing report is one; else the wait for the others goes on.
 *
 * Nova: `_create_guest_with_network`, `_neutron_failed_callback` and `_get_neutron_events` of its libvirt driver, `vif_plugging_timeout` and
 * `vif_plugging_is_fatal`.
 *
 * @param virtapi - whom to ask for the reports; without one nobody is waited for.
 * @param action - what connects and starts it.
 * @returns what `action` returns.
 * @throws VirtualInterfaceCreateException when a report is missing and that is fatal, or when nobody begins to listen
 * within the same time, or ends listening without having called the action.
 * @throws what `action` throws; the signal's reason when it aborts during the wait.
 */
export async function whilePlugging<T>(
  virtapi: VirtAPI | undefined,
  instance: Instance,
  network_info: NetworkInfo | null | undefined,
  { vifPluggingTimeout: timeout, vifPluggingIsFatal, signal, logger }: VifPlugging,
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

/** Has the orchestrator listen. What it fails with before it has promised anything is a failure like any other. */
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
 * The start of an instance in the hands of an orchestrator, which may begin it late, twice or never, and give up while
 * it is under way. Whatever it does, the instance is started once at most, and what became of it is known.
 */
class Start<T> {
  /** Settles when the start begins. */
  readonly begun: Promise<void>;
  readonly #action: () => Promise<T>;
  #begin: () => void = () => undefined;
  #running: Promise<T> | undefined;
  #refusal: { readonly reason: unknown } | undefined;

  constructor(action: () => Promise<T>) {
    this.#action = action;
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  /** Starts the instance, unless that was refused; whoever asks again hears of the same start. */
  readonly begin = (): Promise<T> => {
    if (this.#running === undefined && this.#refusal !== undefined)
      return Promise.reject(asError(this.#refusal.reason));
    this.#running ??= this.#action();
    // The orchestrator need not look at what comes of it: the driver does.
    this.#running.catch(() => undefined);
    this.#begin();
    return this.#running;
  };

  /** From now on it is not begun any more. @returns whether it never was. */
  refuseFrom(reason: unknown): boolean {
    this.#refusal = { reason };
    return this.#running === undefined;
  }

  /**
   * What became of it. Nothing else may end this wait, not the signal nor a deadline: while the instance is still being
   * made, nobody could undo it.
   *
   * @throws what the action throws; VirtualInterfaceCreateException when the orchestrator has listened, and started
   * nothing.
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

/** What is down will be reported; of what is up, or may be, nothing will come. */
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

/** Waits for a promise, for some seconds at most. */
async function withinTime<T>(what: string, promise: Promise<T>, { timeout, signal }: Patience): Promise<T> {
  const deadline = new Deadline(what, timeout * 1000, signal);
  try {
    return await unlessAborted(promise, deadline.signal);
  } finally {
    deadline.clear();
  }
}
