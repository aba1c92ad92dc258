import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestListener } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/** What a test releases at its end, last first. */
export class Cleanup {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0)) {
      await step();
    }
  }
}

export interface TinyEngine {
  readonly host: string;
  readonly folder: string;
}

/** A server on a Unix socket that answers `/version`; the test answers every other request. */
export async function tinyEngine(
  cleanup: Cleanup,
  handle: RequestListener,
  onUpgrade?: (request: IncomingMessage, connection: Duplex, head: Buffer) => void,
): Promise<TinyEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-engine-'));
  const server = createServer((asked, answer) => {
    if (asked.url === '/version') {
      answer.end(JSON.stringify({ Version: '1.2.3', ApiVersion: '1.41', Components: [{ Name: 'Tiny' }] }));
    } else {
      handle(asked, answer);
    }
  });
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  if (onUpgrade !== undefined) {
    server.on('upgrade', onUpgrade);
  }
  const path = join(folder, 'tiny.sock');
  server.listen(path);
  await once(server, 'listening');
  cleanup.add(async () => {
    server.close();
    open.forEach((socket) => socket.destroy());
    await rm(folder, { recursive: true });
  });
  return { host: `unix://${path}`, folder };
}

export interface Heard {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly chunks: string[];
  readonly text: string;
  /** Whether the connection broke before the end. */
  readonly cut: boolean;
}

export interface Question {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly onChunk?: (chunk: string) => void;
  readonly signal?: AbortSignal;
}

/** Sends one request, and returns all that arrived until the connection ended or broke. */
export function ask(
  host: string,
  { method = 'GET', path, headers = {}, body, ...question }: Question,
): Promise<Heard> {
  return new Promise((resolve) => {
    const chunks: string[] = [];
    let answer: IncomingMessage | undefined;
    const done = (cut: boolean): void =>
      resolve({
        status: answer?.statusCode,
        headers: answer?.headers ?? {},
        chunks,
        text: chunks.join(''),
        cut,
      });
    const asking = request({ socketPath: host.slice('unix://'.length), agent: false, method, path, headers });
    question.signal?.addEventListener('abort', () => asking.destroy());
    asking.on('response', (response) => {
      answer = response;
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        chunks.push(chunk);
        question.onChunk?.(chunk);
      });
      response.on('end', () => done(false));
      response.on('error', () => done(true));
    });
    asking.on('error', () => done(true));
    asking.end(body);
  });
}

/** A request whose body the test sends and ends. */
export function startUpload(host: string): ClientRequest {
  const sending = request({ socketPath: host.slice('unix://'.length), method: 'POST', path: '/images/load' });
  return sending.on('error', () => sending.destroy());
}

export function askJson(host: string, method: string, path: string, value?: unknown): Promise<Heard> {
  return value === undefined
    ? ask(host, { method, path })
    : ask(host, {
        method,
        path,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(value),
      });
}

/** Requests an upgrade of the connection. */
export async function upgrade(
  host: string,
  path: string,
  body: string,
): Promise<{ status: number; connection: Duplex }> {
  const asking = request({
    createConnection: () => connect({ path: host.slice('unix://'.length), allowHalfOpen: true }),
    method: 'POST',
    path,
    headers: { Connection: 'Upgrade', Upgrade: 'tcp', 'Content-Type': 'application/json' },
  });
  asking.end(body);
  return new Promise((resolve, reject) => {
    asking.on('upgrade', (message, connection, head) => {
      connection.unshift(head);
      resolve({ status: message.statusCode ?? 0, connection });
    });
    asking.on('response', (message) => {
      message.resume();
      reject(new Error(`status ${message.statusCode ?? 0}`));
    });
    asking.on('error', reject);
  });
}

/** Reads until the other side ends. */
export async function readToEnd(connection: Duplex): Promise<string> {
  const parts: Buffer[] = [];
  connection.on('data', (part: Buffer) => parts.push(part)).resume();
  await once(connection, 'end');
  return Buffer.concat(parts).toString('latin1');
}

/** Returns the next chunk from the other side. */
export function readOnce(connection: Duplex): Promise<string> {
  return new Promise((resolve) => {
    connection.once('data', (part: Buffer) => {
      connection.pause();
      resolve(part.toString('latin1'));
    });
    connection.resume();
  });
}

export async function readBody(asked: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of asked.setEncoding('latin1')) {
    text += String(part);
  }
  return text;
}
