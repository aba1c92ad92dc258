import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { asError, type ByteSource } from '../../streams/index.js';
import { pemContent } from '../../common/index.js';
import type { TlsOptions } from '../../http/index.js';

/** Maximum bytes of one read from the kernel. */
const memorySize = 256 * 1024;

/** The request of a connection, and how it ends. */
interface DataSocketOptions {
  /** The bytes to send, as a latin1 string. */
  readonly request: string;
  /** Closes the connection when it aborts. */
  readonly signal: AbortSignal;
  /** Called once, when the connection is closed. */
  readonly onClose: () => void;
}

/** A connection that reads only on demand. Without TLS, all reads use the same buffer. */
export class DataSocket implements ByteSource {
  readonly reusesBuffer = true;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#fail(asError(this.#signal.reason));
  readonly #arrived: Uint8Array[] = [];
  #hasEnded = false;
  #failure: Error | undefined;
  /** Resumes a waiting {@link DataSocket.next}. */
  #wake: () => void = () => undefined;

  /** Connects and sends the request. */
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
   * @returns undefined when the server has closed its side of the connection.
   * @throws the signal's reason when the signal aborts. Errors of the connection are passed on.
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

  #connect(url: URL, { ca, insecureSkipTlsVerify = false }: TlsOptions): Socket {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (url.protocol !== 'https:') {
      const callback = (bytes: number, memory: Uint8Array): boolean => {
        this.#take(memory.subarray(0, bytes));
        // Back-pressure: stop reading until the reader has consumed these bytes.
        return false;
      };
      const onread = { buffer: Buffer.allocUnsafe(memorySize), callback };
      return connectPlain({ host, port: Number(url.port || 80), onread });
    }
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      rejectUnauthorized: !insecureSkipTlsVerify,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca: pemContent(ca, 'the file of certificates') }),
    });
    // No `onread` with TLS: Node decrypts all data of a read before it honours the pause, and would overwrite bytes
    // that the reader still uses.
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
