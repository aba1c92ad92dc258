import { raceSignal } from '../streams/index.js';
import { Duplex, PassThrough, type Readable, type Transform } from 'node:stream';

import type { z } from 'zod';

import type { Logger } from '../../interfaces/index.js';
import type { EngineAddress } from './address.js';
import { checked, isSuccess, parsed, readElements, readWhole, refusal } from './answers.js';
import { agree, isVersionRefusal, type EngineVersion } from './api-version.js';
import { attachedStream } from './attached-stream.js';
import { EngineProtocolError, described } from './errors.js';
import { jsonLines } from './json-lines.js';
import { receive } from './receive.js';
import { path as requestPath, type RequestPath } from './request-path.js';
import { versionAnswer } from './schemas/system.js';
import { defaultTimeouts, type EngineTimeouts } from './timeouts.js';
import { Transport, type Answer, type Exchange } from './transport.js';
import { Watch, type Upload } from './watch.js';

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Query parameters. An object is encoded as JSON; an undefined value is omitted. */
type Query = Readonly<Record<string, string | number | boolean | object | undefined>>;

/** A request to the engine. */
interface Call extends CallOptions {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: RequestPath;
  /** The endpoint is the same in every API version, so it needs no negotiation. */
  readonly unversioned?: true;
  readonly query?: Query;
  /** Additional headers. Never logged: they may contain credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  readonly upload?: Upload;
  /** Milliseconds until the answer is complete; for streams and uploads, the longest silence. Undefined: no timeout. */
  readonly timeout: number | undefined;
}

/** Options of a session. */
interface SessionOptions {
  readonly logger?: Logger | undefined;
  readonly timeouts?: Partial<EngineTimeouts> | undefined;
  readonly keepLabel?: ((name: string) => boolean) | undefined;
}

type Send = (exchange: Exchange, signal: AbortSignal | undefined) => Promise<Answer>;

/**
 * State and steps that all APIs of an engine share: the connections, the negotiated API version, reading and validating
 * answers, mapping errors.
 */
export class Session {
  readonly timeouts: EngineTimeouts;
  readonly #transport: Transport;
  readonly #logger: Logger | undefined;
  readonly #keepLabel: (name: string) => boolean;
  #agreement: Promise<EngineVersion> | undefined;

  constructor(address: EngineAddress, options: SessionOptions) {
    this.timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#transport = new Transport(address);
    this.#logger = options.logger;
    this.#keepLabel = options.keepLabel ?? (() => true);
  }

  /** Negotiates the API version once for all callers. A failed negotiation is not cached. */
  async version(signal?: AbortSignal): Promise<EngineVersion> {
    signal?.throwIfAborted();
    return raceSignal((this.#agreement ??= this.#negotiate()), signal);
  }

  /** Makes a call whose answer is one JSON value, and validates it. */
  json<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return this.#watched(call, async (watch) => {
      const answer = await this.#send(call, watch);
      return checked(call, schema, parsed(call, await readWhole(call, answer)));
    });
  }

  /**
   * Makes a call whose answer is a list. It is read and validated one element at a time.
   *
   * @param most - the maximum number of elements. Default: any.
   * @throws EngineProtocolError when the list is longer.
   */
  list<T>(call: Call, schema: z.ZodType<T>, most = Infinity): Promise<T[]> {
    return this.#watched(call, async (watch) => {
      const answer = await this.#send(call, watch);
      const list: T[] = [];
      for await (const element of readElements(call, answer)) {
        watch.touch();
        if (list.length === most)
          throw new EngineProtocolError(`${described(call)}: the answer lists more than ${most} elements`);
        list.push(checked(call, schema, element));
      }
      return list;
    });
  }

  /** Filters labels down to those that lists and events keep. */
  kept(labels: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(labels).filter(([name]) => this.#keepLabel(name)));
  }

  /** Makes a call whose result is its status: 2xx, or 304 for a no-op. */
  status(call: Call): Promise<number> {
    return this.#watched(call, async (watch) => {
      const answer = await this.#send(call, watch);
      await readWhole(call, answer);
      return answer.status;
    });
  }

  /** Makes a call whose result is the path header of the answer. */
  pathHeader(call: Call): Promise<string | undefined> {
    return this.#watched(call, async (watch) => {
      const answer = await this.#send(call, watch);
      await readWhole(call, answer);
      return answer.pathStat;
    });
  }

  /** Makes a call whose answer is a byte stream. The caller owns it. */
  async stream(call: Call, through: Transform = new PassThrough()): Promise<Readable> {
    return (await this.streamWithPath(call, through)).stream;
  }

  /** Like {@link stream}, and also returns the archive's path header. */
  async streamWithPath(
    call: Call,
    through: Transform = new PassThrough(),
  ): Promise<{ readonly stream: Readable; readonly pathStat: string | undefined }> {
    const { body, pathStat } = await this.#watched(call, (watch) => this.#send(call, watch));
    const { timeout: silence, signal } = call;
    return { stream: receive(body, through, { what: described(call), silence, signal }), pathStat };
  }

  /**
   * Makes a call whose answer is a stream of JSON values, one per line.
   *
   * @param onOpen - called when the answer begins.
   */
  async *lines<T>(call: Call, schema: z.ZodType<T>, onOpen?: () => void): AsyncGenerator<T, void, void> {
    const watch = watchOver(call);
    try {
      const { body } = await this.#send(call, watch);
      onOpen?.();
      // Leaving the loop in any way destroys the body.
      for await (const line of jsonLines(body, described(call))) {
        watch.touch();
        yield checked(call, schema, line);
      }
    } catch (error) {
      throw watch.reason(error);
    } finally {
      watch.end();
    }
  }

  /** Makes a call that upgrades its connection to a bidirectional byte stream. The caller owns it. */
  async attach(call: Call, through: Transform): Promise<Duplex> {
    const { body } = await this.#watched(call, (watch) =>
      this.#send(call, watch, (exchange, signal) => this.#transport.upgrade(exchange, signal)),
    );
    if (body instanceof Duplex) return attachedStream(body, through, described(call), call.signal);
    body.destroy();
    throw new EngineProtocolError(`${described(call)}: the engine did not upgrade the connection`);
  }

  /** Aborts all pending calls and streams and refuses new ones. */
  close(): void {
    this.#transport.close();
  }

  async #watched<T>(call: Call, work: (watch: Watch) => Promise<T>): Promise<T> {
    const watch = watchOver(call);
    try {
      return await work(watch);
    } catch (error) {
      throw watch.reason(error);
    } finally {
      watch.end();
    }
  }

  /** Sends a call and throws when its answer is an error. The caller owns the answer's body. */
  async #send(
    call: Call,
    watch: Watch,
    send: Send = (exchange, signal) => this.#transport.exchange(exchange, signal),
  ): Promise<Answer> {
    watch.signal?.throwIfAborted();
    const request = { method: call.method, path: call.path };
    for (let repeated = false; ; repeated = true) {
      const agreement = call.unversioned === true ? undefined : (this.#agreement ??= this.#negotiate());
      const version =
        agreement === undefined ? '' : `/v${(await raceSignal(agreement, watch.signal)).apiVersion}`;
      const began = performance.now();
      const answer = await send(
        {
          method: call.method,
          target: `${version}${call.path}${queryText(call.query)}`,
          headers: call.headers ?? {},
          body: call.body === undefined ? watch.upload() : JSON.stringify(call.body),
          description: request,
        },
        watch.signal,
      );
      this.#logger?.debug('engine', {
        ...request,
        status: answer.status,
        milliseconds: Math.round(performance.now() - began),
      });
      if (isSuccess(answer.status)) return answer;
      const error = await refusal(request, answer);
      if (!isVersionRefusal(error)) throw error;
      // Another engine, without this API version, has replaced the one that negotiated. It did not execute the call, so
      // the call can be repeated, unless its upload is already consumed.
      if (this.#agreement === agreement) this.#agreement = undefined;
      if (repeated || call.upload !== undefined) throw error;
    }
  }

  #negotiate(): Promise<EngineVersion> {
    const agreement = this.json(
      { method: 'GET', path: requestPath`/version`, unversioned: true, timeout: this.timeouts.readMs },
      versionAnswer,
    ).then(agree);
    agreement.catch(() => {
      // The waiting callers receive the error; the next call negotiates again.
      if (this.#agreement === agreement) this.#agreement = undefined;
    });
    return agreement;
  }
}

const watchOver = (call: Call): Watch => new Watch({ ...call, what: described(call) });

function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
    }
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
