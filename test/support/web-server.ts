import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';

/** An HTTP server on this machine whose answers a test supplies. */
export class WebServer {
  /** The requests that it received. */
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #origin: string;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#origin = `http://127.0.0.1:${port}`;
    server.prependListener('request', (request) => this.requests.push(request));
  }

  static async start(answer: RequestListener): Promise<WebServer> {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return new WebServer(server, address.port);
  }

  /** Its host and port. */
  get host(): string {
    return new URL(this.#origin).host;
  }

  url(path: string): string {
    return `${this.#origin}${path}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
