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

/** How an exchange ended: whole, cut by the engine, or given up by the client. */
export type ExchangeEnd = 'complete' | 'truncated' | 'aborted';

/** One of the two that talk. */
export type Side = 'client' | 'engine';

/** Is told what passes, as it passes. */
export interface Observer {
  requestChunk(chunk: Buffer): void;
  /** @param complete - false when the client went away, or the engine no longer listened, before the body's end. */
  requestEnd(complete: boolean): void;
  answered(head: AnswerHead): void;
  answerChunk(chunk: Buffer): void;
  /** A piece of an upgraded connection; `undefined` is a side's end. */
  streamChunk(from: Side, chunk: Buffer | undefined): void;
  ended(how: ExchangeEnd): void;
}

/** What shall go wrong with one exchange. */
export interface Interference {
  /** Runs before the engine hears of the request. True: the call has been dealt with, the engine never hears. */
  readonly beforeEngine?: (call: Call) => Promise<boolean>;
  /** Let the engine do all it was asked, then cut the connection before the client hears anything. */
  readonly loseAnswer?: boolean;
  /** Let the head and so many bytes of the answer pass, then cut the connection or fall silent. */
  readonly limit?: { readonly bytes: number; readonly then: 'cut' | 'stall' };
}

/** What happens to one exchange beside being relayed. */
interface Attention {
  readonly observer?: Observer;
  readonly interference?: Interference;
}

/**
 * Starts a transparent proxy: streams stay streams in both directions, chunk borders and back-pressure are kept, and
 * an end, a cut or a client that goes away on one side is the same on the other.
 *
 * Each exchange has its own connection to the engine, so that none can suffer from the end of another.
 *
 * @param attend - called once for each request, in the order of arrival.
 * @param path - where to listen; see `listen`.
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
  /** The raw connection, when the engine agreed to upgrade it. */
  readonly connection?: Duplex;
}

/** Undefined: the connection ended without an answer, by whichever side. */
function answerOf(upstream: ClientRequest): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    upstream.once('response', (message) => resolve({ message }));
    upstream.once('upgrade', (message, connection, head) => {
      connection.on('error', () => connection.destroy());
      connection.unshift(head);
      resolve({ message, connection });
    });
    // An engine that cannot be reached looks to the client as if it had hung up.
    upstream.on('error', () => resolve(undefined));
    upstream.once('close', () => resolve(undefined));
  });
}

/** What became of an upload that broke off shows in the answer, or in its absence. */
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
    // An engine may answer and close without having read everything: let the client finish and hear the answer.
    call.body.resume();
  }
  observer?.requestEnd(broken === undefined);
}

/** What breaks on one side breaks the other. */
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

/** Writes to the client as far as the limit allows; there it cuts the connection, or stalls until the client goes. */
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
 * Relays both directions of an upgraded connection until both have ended; each may end before the other.
 *
 * @throws BrokenStream when either breaks before the engine's end.
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
    // The client still talked to an engine that had said its last word.
    client.destroy();
  }
}
