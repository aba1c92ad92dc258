import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { asError, type ByteSource } from '../../streams/index.js';
import type { TlsOptions } from './http-transport.js';

/** Bytes that one read from the kernel brings at most. */
const memorySize = 256 * 1024;

/** A connection that is read into the same memory again and again, and only when somebody asks for more. */
export class DataSocket implements ByteSource {
  readonly lends = true;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#fail(asError(this.#signal.reason));
  #arrived: Uint8Array | undefined;
  #hasEnded = false;
  #failure: Error | undefined;
  /** Whoever waits for something to happen. */
  #wake: () => void = () => undefined;

  /**
   * Connects, and sends a request.
   *
   * @param signal - breaks the connection off.
   */
  constructor(url: URL, tls: TlsOptions, request: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#socket = this.#connect(url, tls);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.once('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    this.#socket.once('close', () => this.#fail(new Error('the connection was closed')));
    this.#socket.write(request, 'latin1');
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * @returns undefined when the other side has sent all that it will.
   * @throws what the connection fails with; the signal's reason when that aborts.
   */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#arrived;
      this.#arrived = undefined;
      if (bytes !== undefined) return bytes;
      if (this.#hasEnded) return undefined;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
  }

  #connect(url: URL, { ca, insecure = false }: TlsOptions): Socket {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const onread = {
      buffer: Buffer.allocUnsafe(memorySize),
      callback: (bytes: number, memory: Uint8Array): boolean => {
        this.#arrived = memory.subarray(0, bytes);
        this.#wake();
        // Nothing more until the reader is done with these.
        return false;
      },
    };
    if (url.protocol !== 'https:') return connectPlain({ host, port: Number(url.port || 80), onread });
    const port = Number(url.port || 443);
    const server = isIP(host) === 0 ? { host, port, servername: host } : { host, port };
    // Node documents `onread` for TLS too; its types lack it.
    const options = { ...server, onread, rejectUnauthorized: !insecure, ...(ca === undefined ? {} : { ca }) };
    return connectTls(options);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.close();
    this.#wake();
  }
}
