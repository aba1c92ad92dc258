import { setTimeout } from 'node:timers/promises';
import type { AskedRequest, Call } from './call.js';
import { aborted, brokenIn, drain } from './chunks.js';
import type { Interference } from './proxy.js';
import { refuse } from './refusal.js';

/**
 * Selects the requests that a fault applies to: of those that match `method` and `path`, `times` requests from the
 * `nth` on.
 */
export interface FaultTarget {
  /** Default: any method. */
  readonly method?: string;
  /** Tested against path and query, for example `/v1.41/containers/4f2a/stop?t=10`. Default: any path. */
  readonly path?: RegExp;
  /** Counted from the injection. Default: 1, the next request. */
  readonly nth?: number;
  /** Default: 1. `Infinity`: until the fault is withdrawn. */
  readonly times?: number;
}

/** The kind of failure. */
export type FaultKind =
  /** The engine never receives the request. The client receives this status, with the message in the engine's form. */
  | { readonly kind: 'answer'; readonly status: number; readonly message?: string }
  /** The connection breaks before the engine receives the request. */
  | { readonly kind: 'drop-request' }
  /** The engine receives the request late. */
  | { readonly kind: 'delay-request'; readonly milliseconds: number }
  /** The engine never receives the request, and the client waits until it gives up. */
  | { readonly kind: 'stall-request' }
  /** The engine executes the request, and the connection breaks before the client receives the answer. */
  | { readonly kind: 'lose-answer' }
  /** The connection breaks after the head and this many bytes of the body; a shorter answer is complete. */
  | { readonly kind: 'truncate-answer'; readonly afterBytes: number }
  /** The answer stalls after the head and this many bytes of the body, until the client gives up. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number };

/** A fault and the requests that it applies to. */
export type Fault = FaultTarget & FaultKind;

/** Whether a request matches a fault's `method` and `path`. */
export function isTarget({ method, path }: FaultTarget, asked: AskedRequest): boolean {
  return (
    (method === undefined || method === asked.method) && (path === undefined || asked.path.search(path) >= 0)
  );
}

/** Converts a fault to the proxy's terms. */
export function interferenceOf(fault: FaultKind): Interference {
  switch (fault.kind) {
    case 'answer':
      return { beforeEngine: (call) => answer(call, fault.status, fault.message ?? 'injected fault') };
    case 'drop-request':
      return {
        beforeEngine: (call) => {
          call.hangUp();
          return Promise.resolve(true);
        },
      };
    case 'delay-request':
      return { beforeEngine: (call) => delay(call, fault.milliseconds) };
    case 'stall-request':
      return { beforeEngine: (call) => stall(call) };
    case 'lose-answer':
      return { loseAnswer: true };
    case 'truncate-answer':
      return { limit: { bytes: fault.afterBytes, then: 'cut' } };
    case 'stall-answer':
      return { limit: { bytes: fault.afterBytes, then: 'stall' } };
  }
}

/** Reads the whole request first: a client that is still sending may not receive the answer. */
async function answer(call: Call, status: number, message: string): Promise<boolean> {
  // A client that has disconnected needs no answer.
  if ((await brokenIn(drain(call.body))) === undefined) {
    await refuse(call, status, message);
  }
  return true;
}

/** Resolves to true, so that the engine does not receive the request, when the client gave up during the delay. */
async function delay(call: Call, milliseconds: number): Promise<boolean> {
  try {
    await setTimeout(milliseconds, undefined, { signal: call.gone });
  } catch {
    return true;
  }
  return false;
}

async function stall(call: Call): Promise<boolean> {
  await aborted(call.gone);
  return true;
}
