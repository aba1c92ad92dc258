import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

/** A request that the proxy received. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** Selects requests, and says how the proxy breaks them. */
export interface Fault {
  /** Method of the requests. Default: all. */
  readonly method?: string;
  readonly url?: RegExp;
  /** Only requests with this token. */
  readonly token?: string;
  /** Number of requests. Default: 1. */
  readonly times?: number;
  /** The proxy's own response, in place of the service's. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  /** Never responds. */
  readonly silent?: boolean;
  /** Forwards the request, and breaks the connection when the response arrives. */
  readonly loseAnswer?: boolean;
  /** Breaks both connections after this many bytes of the request. */
  readonly cutRequest?: number;
  /** As `cutRequest`, but keeps the connection to the service open. */
  readonly leaveHanging?: number;
  /** Stops reading the request after this many bytes. */
  readonly stallRequest?: number;
  /** Breaks the connection after this many bytes of the response. */
  readonly cut?: number;
  /** Sends no more after this many bytes of the response. */
  readonly stall?: number;
  /** Ends the response, as if complete, after this many bytes. */
  readonly end?: number;
  /** Changes headers and status of the response. */
  readonly head?: (status: number, headers: Record<string, unknown>) => number;
  /** Changes bytes of the response, which then has no Content-Length. */
  readonly tamper?: (bytes: Buffer) => Buffer;
  /** Changes bytes of the request. */
  readonly tamperRequest?: (bytes: Buffer) => Buffer;
  /** Changes the URL or the headers that the service receives. */
  readonly rewrite?: (seen: Seen) => Seen;
}

/** A proxy between a client and a real service, which injects faults. */
export class FaultyProxy {
  readonly seen: Seen[] = [];
  readonly #faults: { readonly fault: Fault; left: number }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #upstreams = new Set<ClientRequest>();
  readonly #server = createServer((incoming, outgoing) => this.#serve(incoming, outgoing));
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // Errors of connections are expected: the proxy breaks them.
      socket.on('error', () => undefined);
    });
  }

  /** Starts listening. @returns the URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Number of open connections of clients. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Breaks the next matching requests. Of several faults, the first that is not used up applies. */
  inject(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Clears faults and recorded requests, and breaks all connections. */
  reset(): void {
    this.#faults.length = 0;
    this.seen.length = 0;
    for (const socket of this.#sockets) socket.destroy();
    for (const upstream of this.#upstreams) upstream.destroy();
  }

  /** The recorded requests with a method and a matching URL. */
  asked(method: string, url: RegExp): Seen[] {
    return this.seen.filter((seen) => seen.method === method && url.test(seen.url));
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const seen: Seen = { method, url, headers };
    this.seen.push(seen);
    const fault = this.#strike(seen);
    if (fault.silent === true) incoming.resume();
    else if (fault.answer === undefined) this.#forward(seen, fault, incoming, outgoing);
    else answer(fault.answer, incoming, outgoing);
  }

  #strike({ method, url, headers }: Seen): Fault {
    const found = this.#faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.method ?? method) === method &&
        (fault.url === undefined || fault.url.test(url)) &&
        (fault.token === undefined || fault.token === headers['x-auth-token']),
    );
    if (found === undefined) return {};
    found.left -= 1;
    return found.fault;
  }

  #forward(seen: Seen, fault: Fault, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url, headers } = fault.rewrite?.(seen) ?? seen;
    const upstream = httpRequest(this.#target + url, { method, headers, agent: false });
    this.#upstreams.add(upstream);
    upstream.on('close', () => this.#upstreams.delete(upstream));
    upstream.on('error', () => outgoing.destroy());
    upstream.on('response', (response) => {
      if (fault.loseAnswer === true) {
        response.resume().on('end', () => outgoing.destroy());
        return;
      }
      passAnswer(response, fault, outgoing);
    });
    outgoing.on('close', () => {
      if (!outgoing.writableFinished && fault.leaveHanging === undefined) upstream.destroy();
    });
    passRequest(incoming, fault, upstream, outgoing);
  }
}

function answer(
  wanted: NonNullable<Fault['answer']>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  incoming.resume();
  outgoing.writeHead(wanted.status, { 'Content-Type': 'application/json', ...wanted.headers });
  outgoing.end(wanted.body ?? '{"message": "so the proxy says"}');
}

function passRequest(
  incoming: IncomingMessage,
  fault: Fault,
  upstream: ClientRequest,
  outgoing: ServerResponse,
): void {
  let bytes = 0;
  const limit = fault.cutRequest ?? fault.leaveHanging ?? fault.stallRequest ?? Infinity;
  incoming.on('error', () => undefined);
  incoming.on('data', (chunk: Buffer) => {
    const piece = fault.tamperRequest?.(chunk) ?? chunk;
    if (bytes < limit) upstream.write(piece.subarray(0, limit - bytes));
    bytes += piece.length;
    if (bytes < limit) return;
    incoming.pause();
    if (fault.stallRequest !== undefined) return;
    outgoing.destroy();
    if (fault.cutRequest !== undefined) upstream.destroy();
  });
  incoming.on('end', () => upstream.end());
}

function passAnswer(response: IncomingMessage, fault: Fault, outgoing: ServerResponse): void {
  const headers: Record<string, unknown> = { ...response.headers };
  if (fault.end !== undefined || fault.tamper !== undefined) delete headers['content-length'];
  const status = fault.head?.(response.statusCode ?? 0, headers) ?? response.statusCode ?? 0;
  outgoing.writeHead(
    status,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  );
  outgoing.flushHeaders();
  let bytes = 0;
  const limit = fault.cut ?? fault.stall ?? fault.end ?? Infinity;
  response.on('error', () => bytes < limit && outgoing.destroy());
  response.on('data', (chunk: Buffer) => {
    const piece = (fault.tamper?.(chunk) ?? chunk).subarray(0, Math.max(0, limit - bytes));
    bytes += piece.length;
    if (!outgoing.write(piece)) {
      response.pause();
      outgoing.once('drain', () => response.resume());
    }
    if (bytes < limit) return;
    response.destroy();
    // The bytes written so far must arrive before the connection ends.
    if (fault.cut !== undefined) outgoing.socket?.end(() => outgoing.destroy());
    if (fault.end !== undefined) outgoing.end();
  });
  response.on('end', () => outgoing.end());
}
