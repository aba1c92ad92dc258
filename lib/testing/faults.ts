import { setTimeout } from 'node:timers/promises';
import type { AskedRequest, Call } from './call.js';
import { aborted, brokenIn, drain } from './chunks.js';
import type { Interference } from './proxy.js';
import { refuse } from './refusal.js';

/** Which requests a fault strikes: those that fit both `method` and `path`, from the `nth` on, `times` of them. */
export interface FaultTarget {
  /** Any method without it. */
  readonly method?: string;
  /** Tested against path and query, for example `/v1.41/containers/4f2a/stop?t=10`; any path without it. */
  readonly path?: RegExp;
  /** Counted from the moment of the injection; 1, the next one, without it. */
  readonly nth?: number;
  /** 1 without it; `Infinity` until the fault is withdrawn. */
  readonly times?: number;
}

/** What goes wrong. */
export type FaultKind =
  /** The engine never hears; the client gets this status, with the message as engines send it. */
  | { readonly kind: 'answer'; readonly status: number; readonly message?: string }
  /** The connection breaks before the engine hears. */
  | { readonly kind: 'drop-request' }
  /** The engine hears later. */
  | { readonly kind: 'delay-request'; readonly milliseconds: number }
  /** The engine never hears, and the client is kept waiting until it gives up. */
  | { readonly kind: 'stall-request' }
  /** The engine does what it is asked, and the connection breaks before the client hears of it. */
  | { readonly kind: 'lose-answer' }
  /** The connection breaks after the head and so many bytes of the answer; a shorter answer stays whole. */
  | { readonly kind: 'truncate-answer'; readonly afterBytes: number }
  /** The answer falls silent after its head and so many bytes, until the client gives up. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number };

/** A fault and where it strikes. */
export type Fault = FaultTarget & FaultKind;

/** Whether a request is one of those that a fault may strike. */
export function isTarget({ method, path }: FaultTarget, asked: AskedRequest): boolean {
  return (
    (method === undefined || method === asked.method) && (path === undefined || asked.path.search(path) >= 0)
  );
}

/** What the proxy has to do to make a fault happen. */
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

/** Takes the whole request first: a client that is answered while it still sends may not hear the answer. */
async function answer(call: Call, status: number, message: string): Promise<boolean> {
  // A client that goes away meanwhile needs no answer.
  if ((await brokenIn(drain(call.body))) === undefined) {
    await refuse(call, status, message);
  }
  return true;
}

/** True, so that the engine does not hear, when the client gave up meanwhile. */
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
