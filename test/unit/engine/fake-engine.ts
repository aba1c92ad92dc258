import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Engine, engineAddress, type EngineClientOptions } from '../../../lib/engine/index.js';

/** The `/version` answer of a fake engine. */
export const version20 = {
  Version: '20.10.24',
  ApiVersion: '1.41',
  MinAPIVersion: '1.12',
  Os: 'linux',
  Arch: 'amd64',
};

/** Answers one request. The fake engine answers `/version` itself. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a Unix socket of its own, whose answers the test supplies. */
export class FakeEngine {
  /** The line of every request that arrived, in order. */
  readonly requests: string[] = [];
  version: object = version20;
  /** The connections that are open now. */
  readonly connections = new Set<Socket>();
  readonly server: Server;
  readonly #folder: string;
  readonly #clients: Engine[] = [];

  static async start(handler: Handler): Promise<FakeEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'fake-engine-'));
    const fake = new FakeEngine(folder, handler);
    await new Promise<void>((resolve) => fake.server.listen(fake.socketPath, resolve));
    return fake;
  }

  private constructor(folder: string, handler: Handler) {
    this.#folder = folder;
    this.server = createServer((request, response) => {
      this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (request.url === '/version') answerJson(response, 200, this.version);
      else handler(request, response);
    });
    this.server.keepAliveTimeout = 60_000;
    this.server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  get socketPath(): string {
    return join(this.#folder, 'engine.sock');
  }

  /** Returns a client of this engine; `stop` closes it. */
  client(options?: EngineClientOptions): Engine {
    const engine = new Engine(engineAddress(`unix://${this.socketPath}`), options);
    this.#clients.push(engine);
    return engine;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const socket of this.connections) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** In milliseconds. Generous: a busy machine can be a thousand times slower than a quiet one. */
const maxWaitMs = 30_000;

/** Waits until the condition holds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + maxWaitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so after ${maxWaitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
