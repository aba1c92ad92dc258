import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { asError, type ByteSource } from '../../streams/index.js';
import { pemContent } from '../../common/index.js';
import type { TlsOptions } from '../../http/index.js';

/** Bytes that one read from the kernel brings at most. */
const memorySize = 256 * 1024;

/** What a connection is for. */
interface DataSocketOptions {
  /** As it goes over the wire, in latin1. */
  readonly request: string;
  /** Breaks the connection off. */
  readonly signal: AbortSignal;
  /** Told once that the connection is closed. */
  readonly onClose: () => void;
}

/** A connection that is read when somebody asks for more: into the same memory again and again, but for TLS. */
export class DataSocket implements ByteSource {
  readonly reusesBuffer = true;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#fail(asError(this.#signal.reason));
  readonly #arrived: Uint8Array[] = [];
  #hasEnded = false;
  #failure: Error | undefined;
  /** Whoever waits for something to happen. */
  #wake: () => void = () => undefined;

  /** Connects, and sends a request. */
  constructor(url: URL, tls: TlsOptions, { request, signal, onClose }: DataSocketOptions) {
    this.#signal = signal;
    this.#socket = this.#connect(url, tls);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.once('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    this.#socket.once('close', () => {
      this.#fail(new Error('the connection was closed'));
      onClose();
    });
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
      const bytes = this.#arrived.shift();
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
    if (url.protocol !== 'https:') {
      const callback = (bytes: number, memory: Uint8Array): boolean => {
        this.#take(memory.subarray(0, bytes));
        // Nothing more until the reader is done with these.
        return false;
      };
      const onread = { buffer: Buffer.allocUnsafe(memorySize), callback };
      return connectPlain({ host, port: Number(url.port || 80), onread });
    }
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: !insecure,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca: pemContent(ca, 'the file of certificates') }),
    });
    // Node deciphers all that a read has brought before it heeds that nobody wants more: with `onread` it would write
    // over what the reader still has.
    socket.on('data', (bytes: Buffer) => {
      this.#take(bytes);
      socket.pause();
    });
    return socket;
  }

  #take(bytes: Uint8Array): void {
    this.#arrived.push(bytes);
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.close();
    this.#wake();
  }
}
