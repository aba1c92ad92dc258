import type { AskedRequest } from './call.js';
import { engineAddress } from './engine-address.js';
import { interferenceOf, isTarget } from './faults.js';
import type { Fault } from './faults.js';
import { optionsMustBeSound } from './options.js';
import { startProxy } from './proxy.js';
import type { Interference } from './proxy.js';
import type { SeenRequest } from './seen-request.js';

/** Where to put a fault proxy. */
export interface FaultProxyOptions {
  /** What is behind the proxy: an engine or a replayer, as `unix:///path/of/socket` or `tcp://host:port`. */
  readonly engine: string;
  /** Where to put the proxy's own socket; without it, in a fresh temporary folder. */
  readonly listen?: string;
  /** To inject from the start. */
  readonly faults?: readonly Fault[];
}

/** A fault that waits for its requests. */
export interface InjectedFault {
  /** The requests it has struck so far, in order. */
  struck(): SeenRequest[];
  /** Lets it strike no more. */
  withdraw(): void;
}

/** A proxy that passes everything on as it is, counts it, and breaks what it is told to break. */
export interface FaultProxy {
  /** The address to give to the client, as `DOCKER_HOST` has it. */
  readonly host: string;
  /**
   * Of several faults that fit a request, the one injected first strikes.
   *
   * @throws TypeError when a field of the fault is unknown or cannot be used.
   */
  inject(fault: Fault): InjectedFault;
  /** All requests that came, struck or not, in the order of arrival. */
  requests(): SeenRequest[];
  /** Cuts all connections and removes the socket. */
  close(): Promise<void>;
}

/**
 * Starts a proxy between a client and an engine, to see and to break what passes.
 *
 * @throws TypeError when `engine` is no address, or an option is unknown or cannot be used.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  optionsMustBeSound('startFaultProxy', options);
  const seen: SeenRequest[] = [];
  const faults = (options.faults ?? []).map((fault) => new WaitingFault(fault));
  const { host, close } = await startProxy(
    engineAddress(options.engine),
    (asked) => {
      const request = { method: asked.method, path: asked.path };
      seen.push(request);
      // Every fault counts the request, also those that do not strike it.
      const [first] = faults.filter((fault) => fault.meets(asked));
      return first === undefined ? {} : { interference: first.strike(request) };
    },
    options.listen,
  );
  return {
    host,
    inject: (fault) => {
      optionsMustBeSound('inject', fault);
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

/** A fault and how many of its requests have come. */
class WaitingFault {
  readonly struck: SeenRequest[] = [];
  readonly #fault: Fault;
  #met = 0;
  #withdrawn = false;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Counts the request if it is one of the fault's, and tells whether it is one to strike. */
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
