import { Agent, request } from 'node:http';
import { z } from 'zod';

/** Requests to an engine with node:http alone: the lower bound for a program in Node. */
export class RawEngine {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(engine: string) {
    this.#socketPath = engine.replace(/^unix:\/\//, '');
  }

  /** Sends a request, and parses the response unless it is empty. */
  async ask(method: string, path: string, body?: object): Promise<unknown> {
    const text = await new Promise<string>((resolve, reject) => {
      const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
      const asking = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers });
      asking.once('error', reject);
      asking.once('response', (answer) => {
        let received = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => (received += piece));
        answer.once('error', reject);
        answer.once('end', () => {
          if (Number(answer.statusCode) < 300) resolve(received);
          else reject(new Error(`${method} ${path}: ${received}`));
        });
      });
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return text === '' ? undefined : JSON.parse(text);
  }

  /** The body of a request that creates a container with the settings of another. */
  async recipe(container: string): Promise<object> {
    const inspected = z.object({ Config: z.looseObject({}), HostConfig: z.looseObject({}) });
    const { Config, HostConfig } = inspected.parse(await this.ask('GET', container));
    return { ...Config, HostConfig };
  }

  close(): void {
    this.#agent.destroy();
  }
}
