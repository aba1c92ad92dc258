import type { ExternalEventName, Instance, Logger, NetworkInfo, VirtAPI } from '../../interfaces/index.js';
import { VirtualInterfaceCreateException } from '../../interfaces/index.js';
import { Deadline, DeadlineExceeded, unlessAborted } from '../streams/index.js';

/** How to wait for an instance's interfaces to be wired up. */
export interface VifPlugging {
  /** Seconds to wait after the instance was started; 0 does not wait. */
  readonly timeout: number;
  /** Whether an instance whose interfaces are not reported in time has failed; else it goes on without. */
  readonly fatal: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
}

/**
 * Connects and starts an instance, and waits until the network service has reported each of its interfaces that was down before.
 *
 * Nova: `_create_guest_with_network` and `_get_neutron_events` of its libvirt driver, `vif_plugging_timeout` and `vif_plugging_is_fatal`.
 *
 * @param virtapi - whom to ask for the reports; without one nobody is waited for.
 * @param action - what connects and starts it.
 * @returns what `action` returns.
 * @throws VirtualInterfaceCreateException when a report is missing and that is fatal, or when nobody begins to listen within the same time.
 * @throws what `action` throws; the signal's reason when it aborts during the wait.
 */
export async function whilePlugging<T>(
  virtapi: VirtAPI | undefined,
  instance: Instance,
  network_info: NetworkInfo | null | undefined,
  { timeout, fatal, signal, logger }: VifPlugging,
  action: () => Promise<T>,
): Promise<T> {
  const events = pluggingEvents(network_info);
  if (virtapi === undefined || timeout === 0 || events.length === 0) return await action();
  const outcome: { hasBegun: boolean; started?: { readonly value: T } } = { hasBegun: false };
  const began = settlement();
  const ended = settlement();
  const late = new AbortController();
  const begin = async (): Promise<T> => {
    late.signal.throwIfAborted();
    outcome.hasBegun = true;
    began.settle();
    try {
      const value = await action();
      outcome.started = { value };
      return value;
    } finally {
      ended.settle();
    }
  };
  const options = { deadline: timeout, ...(signal === undefined ? {} : { signal }) };
  signal?.throwIfAborted();
  const waiting = virtapi.wait_for_instance_event(instance, events, options, begin);
  try {
    const beginning = Promise.race([waiting, began.promise]);
    await withinTime('the beginning of the wait for its interfaces', beginning, { timeout, signal });
  } catch (error) {
    late.abort(error);
    if (!outcome.hasBegun) throw notListening(error, instance, timeout);
  }
  try {
    // Neither the signal nor a deadline may end this wait while the instance is still being made: nobody could undo it.
    await Promise.race([waiting, ended.promise]);
    return await withinTime('the report of its interfaces', waiting, { timeout, signal });
  } catch (error) {
    const { started } = outcome;
    if (started === undefined || signal?.aborted === true) throw error;
    const ports = events.map(([, tag]) => tag);
    if (fatal)
      throw new VirtualInterfaceCreateException(
        `The interfaces of instance ${instance.uuid} were not all reported as plugged within ${timeout} s: ${ports.join(', ')}`,
        { cause: error, instance_uuid: instance.uuid },
      );
    logger.warn('the interfaces of an instance were not all reported as plugged', {
      instance: instance.uuid,
      ports,
      error,
    });
    return started.value;
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
async function withinTime<T>(
  what: string,
  promise: Promise<T>,
  { timeout, signal }: Pick<VifPlugging, 'timeout' | 'signal'>,
): Promise<T> {
  const deadline = new Deadline(what, timeout * 1000, signal);
  try {
    return await unlessAborted(promise, deadline.signal);
  } finally {
    deadline.clear();
  }
}

/** Something that happens once, and the promise that it does. */
function settlement(): { readonly promise: Promise<void>; readonly settle: () => void } {
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
