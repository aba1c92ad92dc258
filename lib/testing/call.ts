import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { aborted } from './chunks.js';

/** A client's request, before its body arrives. */
export interface AskedRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  /** Keyed by lower-case name. */
  readonly headers: IncomingHttpHeaders;
}

/** The status line and headers of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly statusMessage: string;
  /** Alternating names and values, without the headers of the connection itself. */
  readonly rawHeaders: readonly string[];
}

/** A client's request, with the ways to answer it. */
export interface Call extends AskedRequest {
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  /** Whether the client requests a raw stream (`Upgrade: tcp`). */
  readonly asksUpgrade: boolean;
  /** The request's body; fails when the client disconnects before its end. */
  readonly body: Readable;
  /** Fires when the answer is sent, or when the client disconnects before that. */
  readonly gone: AbortSignal;
  /** Sends the head of an ordinary answer immediately, and returns the sink for its body. */
  answer(head: AnswerHead): Writable;
  /** Ends an ordinary answer and waits until it is sent. False: the client disconnected before. */
  finish(): Promise<boolean>;
  /** Answers `101` and returns the raw connection; only for an upgrade request. */
  upgrade(head: AnswerHead): Duplex;
  /** Closes the client's connection. */
  hangUp(): void;
}

/** A request without an upgrade. */
export class OrdinaryCall implements Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly asksUpgrade = false;
  readonly body: Readable;
  readonly gone: AbortSignal;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const gone = new AbortController();
    this.method = request.method ?? 'GET';
    this.path = request.url ?? '/';
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.body = request;
    this.gone = gone.signal;
    this.#response = response;
    response.sendDate = false;
    response.once('close', () => gone.abort());
    response.on('error', () => gone.abort());
    // The connection may break while the body has no reader; `gone` reports it.
    request.on('error', () => response.destroy());
  }

  answer({ status, statusMessage, rawHeaders }: AnswerHead): Writable {
    this.#response.writeHead(status, statusMessage, [...rawHeaders]);
    this.#response.flushHeaders();
    return this.#response;
  }

  async finish(): Promise<boolean> {
    this.#response.end();
    await aborted(this.gone);
    return this.#response.writableFinished;
  }

  upgrade(): Duplex {
    throw new Error(`${this.method} ${this.path} does not ask for an upgrade.`);
  }

  hangUp(): void {
    this.#response.destroy();
  }
}
