import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const engineProcess = process.env['ENGINE_RESTART'];

/** Whether the registry can run where the engine under test reaches it: if `npm test` started that engine. */
export const canServeEngine = engineProcess !== undefined;

/** The option of `nsenter` that runs a program in the network of the engine under test. */
export async function engineNetwork(): Promise<string> {
  return `--net=/proc/${await (await fetch(engineProcess ?? '')).text()}/ns/net`;
}

export const login = { username: 'alice', password: 'open sesame' };

/** The example image-registry.ts, in the engine's network, and clients there. */
export class ExampleRegistry {
  static readonly address = '127.0.0.1:5042';
  /** The folder of the images. */
  readonly directory: string;
  readonly #folder: string;
  readonly #network: string;
  readonly #server: ChildProcess;

  private constructor(folder: string, network: string) {
    this.#folder = folder;
    this.#network = network;
    this.directory = join(folder, 'images');
    const script = ['--import', './docs/examples/register.mjs', 'docs/examples/image-registry.ts'];
    this.#server = spawn('nsenter', [network, '--', process.execPath, ...script, this.directory], {
      env: {
        ...process.env,
        // The linter has checked the types already.
        TS_NODE_TRANSPILE_ONLY: 'true',
        REGISTRY_USERNAME: login.username,
        REGISTRY_PASSWORD: login.password,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  static async start(): Promise<ExampleRegistry> {
    const folder = await mkdtemp(join(tmpdir(), 'registry-'));
    const registry = new ExampleRegistry(folder, await engineNetwork());
    const { stdout } = registry.#server;
    if (stdout === null) throw new Error('the registry has no output');
    for await (const line of createInterface({ input: stdout })) if (line.includes('docker login')) break;
    stdout.resume();
    return registry;
  }

  /** Runs a client in the engine's network, with configuration files of its own. */
  async run(command: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, DOCKER_CONFIG: this.#folder, HOME: this.#folder };
    const words = [this.#network, '--', command, ...args];
    const { stdout } = await promisify(execFile)('nsenter', words, { env, maxBuffer: 1e8 });
    return stdout;
  }

  /** A path for files of a test. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  async close(): Promise<void> {
    const ended = once(this.#server, 'close');
    this.#server.kill();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
