import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { forwardedHeaders, headOf } from './headers.js';
import type { AnswerHead, AskedRequest, Call } from './call.js';
import { aborted, BrokenStream, brokenIn, chunksOf, drain, writeChunk } from './chunks.js';
import type { EngineAddress } from './engine-address.js';
import { listen } from './listener.js';
import type { Listener } from './listener.js';

/** How an exchange ended: completely, broken by the engine, or aborted by the client. */
export type ExchangeEnd = 'complete' | 'truncated' | 'aborted';

/** A side of an exchange. */
export type Side = 'client' | 'engine';

/** Receives the traffic of an exchange. */
export interface Observer {
  requestChunk(chunk: Buffer): void;
  /** @param complete - false when the client disconnected, or the engine stopped reading, before the body's end. */
  requestEnd(complete: boolean): void;
  answered(head: AnswerHead): void;
  answerChunk(chunk: Buffer): void;
  /** A chunk of an upgraded connection; `undefined` ends that side's stream. */
  streamChunk(from: Side, chunk: Buffer | undefined): void;
  ended(how: ExchangeEnd): void;
}

/** The fault to inject into an exchange. */
export interface Interference {
  /** Runs before the engine receives the request. True: the call is finished, and the engine never receives it. */
  readonly beforeEngine?: (call: Call) => Promise<boolean>;
  /** Let the engine execute the request, then break the connection before the client receives any answer. */
  readonly loseAnswer?: boolean;
  /** Relay the head and this many bytes of the body, then break the connection or stall. */
  readonly limit?: { readonly bytes: number; readonly then: 'cut' | 'stall' };
}

/** The hooks of an exchange. */
interface Attention {
  readonly observer?: Observer;
  readonly interference?: Interference;
}

/**
 * Starts a transparent proxy. Streams, chunk borders and back-pressure are kept in both directions. An end, a broken
 * connection or a disconnect on one side is repeated on the other.
 *
 * Each exchange has its own connection to the engine, so that it is not affected by the end of another.
 *
 * @param attend - called once for each request, in the order of arrival.
 * @param path - the socket's path; see `listen`.
 */
export function startProxy(
  engine: EngineAddress,
  attend: (asked: AskedRequest) => Attention,
  path?: string,
): Promise<Listener> {
  return listen((call) => relay(call, engine, attend(call)), path);
}

async function relay(call: Call, engine: EngineAddress, attention: Attention): Promise<void> {
  if ((await attention.interference?.beforeEngine?.(call)) === true || call.gone.aborted) {
    return;
  }
  const upstream = request({
    createConnection: () => connect({ ...engine, allowHalfOpen: true }),
    method: call.method,
    path: call.path,
    headers: forwardedHeaders(call),
    maxHeaderSize: 1 << 20,
  });
  call.gone.addEventListener('abort', () => upstream.destroy(), { once: true });
  const answering = answerOf(upstream);
  const uploading = upload(call, upstream, attention.observer);
  const how = await relayAnswer(call, await answering, attention);
  upstream.destroy();
  await uploading;
  attention.observer?.ended(how);
}

interface Answer {
  readonly message: IncomingMessage;
  /** The raw connection, if the engine upgraded it. */
  readonly connection?: Duplex;
}

/** Undefined: the connection ended without an answer, on either side. */
function answerOf(upstream: ClientRequest): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    upstream.once('response', (message) => resolve({ message }));
    upstream.once('upgrade', (message, connection, head) => {
      connection.on('error', () => connection.destroy());
      connection.unshift(head);
      resolve({ message, connection });
    });
    // An unreachable engine appears to the client as a closed connection.
    upstream.on('error', () => resolve(undefined));
    upstream.once('close', () => resolve(undefined));
  });
}

/** A failed upload is reported through the answer, or its absence. */
async function upload(call: Call, upstream: ClientRequest, observer: Observer | undefined): Promise<void> {
  const send = async (): Promise<void> => {
    for await (const chunk of chunksOf(call.body)) {
      observer?.requestChunk(chunk);
      await writeChunk(upstream, chunk, call.gone);
    }
    upstream.end();
  };
  const broken = await brokenIn(send());
  if (broken !== undefined) {
    // An engine may answer and close without reading everything: let the client finish and receive the answer.
    call.body.resume();
  }
  observer?.requestEnd(broken === undefined);
}

/** A failure on one side breaks the other. */
async function relayAnswer(
  call: Call,
  answer: Answer | undefined,
  attention: Attention,
): Promise<ExchangeEnd> {
  let brokenByEngine = true;
  if (answer !== undefined) {
    const broken = await brokenIn(passAnswer(call, answer, attention));
    if (broken === undefined) {
      return 'complete';
    }
    brokenByEngine = broken.stream === (answer.connection ?? answer.message);
  }
  const how = brokenByEngine && !call.gone.aborted ? 'truncated' : 'aborted';
  call.hangUp();
  return how;
}

async function passAnswer(
  call: Call,
  { message, connection }: Answer,
  { observer, interference = {} }: Attention,
): Promise<void> {
  if (interference.loseAnswer === true) {
    if (connection === undefined) {
      await drain(message);
    }
    connection?.destroy();
    throw new BrokenStream(message);
  }
  const send = sender(call, interference.limit);
  const head = headOf(message);
  observer?.answered(head);
  if (connection !== undefined) {
    await relayStreams(call.upgrade(head), connection, send, observer);
    return;
  }
  const client = call.answer(head);
  for await (const chunk of chunksOf(message)) {
    observer?.answerChunk(chunk);
    await send(client, chunk);
  }
  if (!(await call.finish())) {
    throw new BrokenStream(client);
  }
}

type Send = (sink: Writable, chunk: Buffer) => Promise<void>;

/** Writes to the client up to the limit, then breaks the connection, or stalls until the client disconnects. */
function sender(call: Call, limit: Interference['limit']): Send {
  let allowed = limit?.bytes ?? Infinity;
  return async (sink, chunk) => {
    await writeChunk(sink, chunk.subarray(0, allowed), call.gone);
    allowed -= Math.min(allowed, chunk.length);
    if (allowed === 0) {
      if (limit?.then === 'stall') {
        await aborted(call.gone);
      }
      throw new BrokenStream(sink);
    }
  };
}

/**
 * Relays both directions of an upgraded connection until both have ended; either may end first.
 *
 * @throws BrokenStream when either side breaks before the engine's end.
 */
async function relayStreams(
  client: Duplex,
  engine: Duplex,
  send: Send,
  observer: Observer | undefined,
): Promise<void> {
  const never = new AbortController().signal;
  const over = new Set<Side>();
  const toEngine = async (): Promise<void> => {
    for await (const chunk of chunksOf(client)) {
      observer?.streamChunk('client', chunk);
      await writeChunk(engine, chunk, never);
    }
    observer?.streamChunk('client', undefined);
    engine.end();
  };
  const toClient = async (): Promise<void> => {
    for await (const chunk of chunksOf(engine)) {
      observer?.streamChunk('engine', chunk);
      await send(client, chunk);
    }
    over.add('engine');
    observer?.streamChunk('engine', undefined);
    client.end();
  };
  const broken = await brokenIn(Promise.all([toEngine(), toClient()]));
  engine.destroy();
  if (broken !== undefined) {
    if (!over.has('engine')) {
      throw broken;
    }
    // The client was still writing after the engine had ended the stream.
    client.destroy();
  }
}
