import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { aborted } from './chunks.js';

/** What a client asks for: all that is known before its body arrives. */
export interface AskedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
}

/** The first lines of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly statusMessage: string;
  /** Names and values in turn; what belongs to the connection alone is left out. */
  readonly rawHeaders: readonly string[];
}

/** One request of a client, and the ways to answer it. */
export interface Call extends AskedRequest {
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  /** Whether the client asks to turn the connection into a raw stream (`Upgrade: tcp`). */
  readonly asksUpgrade: boolean;
  /** The request's body; it fails when the client goes away before its end. */
  readonly body: Readable;
  /** Fires when the answer is out, or before that when the client's connection closes. */
  readonly gone: AbortSignal;
  /** Sends the head of an ordinary answer at once, and returns where its body goes. */
  answer(head: AnswerHead): Writable;
  /** Ends an ordinary answer and waits until it is out. False: the client went away before. */
  finish(): Promise<boolean>;
  /** Answers `101` and hands over the raw connection; only for a call that asks for it. */
  upgrade(head: AnswerHead): Duplex;
  /** Cuts the client's connection. */
  hangUp(): void;
}

/** A request whose answer leaves the connection as it is. */
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
    // The connection may break while nobody reads the body; `gone` tells.
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
