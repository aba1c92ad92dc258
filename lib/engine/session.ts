import type { Duplex, Readable, Transform } from 'node:stream';
import type { z } from 'zod';

import type { EngineAddress } from './address.js';
import type { EngineVersion } from './api-version.js';
import type { RequestPath } from './request-path.js';
import { defaultTimeouts, type EngineTimeouts } from './timeouts.js';

/** What every call takes. */
export interface CallOptions {
  /** Breaks the call off; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of a URL after `?`. Objects become JSON; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | object | undefined>>;

/** One request to the engine. */
export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: RequestPath;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: object;
  /** Milliseconds until the answer is complete; for streams and uploads, the longest silence. Undefined: only the signal ends it. */
  readonly timeout: number | undefined;
}

/** A call with a byte stream to the engine. The stream is destroyed when the call is over, however it ends. */
export interface UploadCall extends Omit<Call, 'body'> {
  readonly upload: Readable;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export class Session {
  readonly timeouts: EngineTimeouts;

  constructor(address: EngineAddress, options: { timeouts?: Partial<EngineTimeouts> }) {
    void address;
    this.timeouts = { ...defaultTimeouts, ...options.timeouts };
  }

  version(signal?: AbortSignal): Promise<EngineVersion> {
    return Promise.reject(new Error(typeof signal));
  }
  json<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return Promise.reject(new Error(`${typeof schema}${call.method}`));
  }
  status(call: Call | UploadCall): Promise<number> {
    return Promise.reject(new Error(call.method));
  }
  stream(call: Call, sink?: Transform): Promise<Readable> {
    return Promise.reject(new Error(`${typeof sink}${call.method}`));
  }
  upgrade(call: Call): Promise<Duplex> {
    return Promise.reject(new Error(call.method));
  }
  close(): void {
    throw new Error('not yet');
  }
}
