import type { AskedRequest } from './call.js';
import { engineAddress } from './engine-address.js';
import { interferenceOf, isTarget } from './faults.js';
import type { Fault } from './faults.js';
import { validateOptions } from './options.js';
import { startProxy } from './proxy.js';
import type { Interference } from './proxy.js';
import type { SeenRequest } from './seen-request.js';

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The server behind the proxy, an engine or a replayer, as `unix:///path/of/socket` or `tcp://host:port`. */
  readonly engine: string;
  /** The path of the proxy's own socket; default: in a new temporary directory. */
  readonly listen?: string;
  /** Faults to inject from the start. */
  readonly faults?: readonly Fault[];
}

/** An injected fault. */
export interface InjectedFault {
  /** The requests that it has affected so far, in order. */
  struck(): SeenRequest[];
  /** Disables the fault. */
  withdraw(): void;
}

/** A proxy that relays and records requests, and injects faults. */
export interface FaultProxy {
  /** The address for the client, in the form of `DOCKER_HOST`. */
  readonly host: string;
  /**
   * Injects a fault. Of several faults that match a request, the one that was injected first applies.
   *
   * @throws TypeError when a field of the fault is unknown or invalid.
   */
  inject(fault: Fault): InjectedFault;
  /** All requests, affected or not, in the order of arrival. */
  requests(): SeenRequest[];
  /** Closes all connections and removes the socket. */
  close(): Promise<void>;
}

/**
 * Starts a proxy between a client and an engine that records requests and injects faults.
 *
 * @throws TypeError when `engine` is malformed, or an option is unknown or invalid.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  validateOptions('startFaultProxy', options);
  const seen: SeenRequest[] = [];
  const faults = (options.faults ?? []).map((fault) => new WaitingFault(fault));
  const { host, close } = await startProxy(
    engineAddress(options.engine),
    (asked) => {
      const request = { method: asked.method, path: asked.path };
      seen.push(request);
      // Every matching fault counts the request, also if another fault applies to it.
      const [first] = faults.filter((fault) => fault.meets(asked));
      return first === undefined ? {} : { interference: first.strike(request) };
    },
    options.listen,
  );
  return {
    host,
    inject: (fault) => {
      validateOptions('inject', fault);
      const waiting = new WaitingFault(fault);
      faults.push(waiting);
      return {
        struck: () => [...waiting.struck],
        withdraw: () => waiting.withdraw(),
      };
    },
    requests: () => [...seen],
    close,
  };
}

/** A fault with the number of its matching requests so far. */
class WaitingFault {
  readonly struck: SeenRequest[] = [];
  readonly #fault: Fault;
  #met = 0;
  #withdrawn = false;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Counts a matching request, and returns whether the fault applies to it. */
  meets(asked: AskedRequest): boolean {
    if (this.#withdrawn || !isTarget(this.#fault, asked)) {
      return false;
    }
    this.#met += 1;
    const { nth = 1, times = 1 } = this.#fault;
    return this.#met >= nth && this.#met < nth + times;
  }

  withdraw(): void {
    this.#withdrawn = true;
  }

  strike(request: SeenRequest): Interference {
    this.struck.push(request);
    return interferenceOf(this.#fault);
  }
}
