/**
 * Runs a driver with a registry: boots an instance, which writes 1 MiB, and saves it as a delta. Prints what happened as
 * JSON, a line for each scenario. Its engine is that of DOCKER_HOST; the registry must be in the engine's network.
 *
 * usage: snapshot-with-registry.ts FOLDER HOST SCENARIO…
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Instance, Logger } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, StaticAccounts } from '../../lib/index.js';
import { sleep } from '../../lib/streams/index.js';
import { busyboxImage } from './busybox-image.js';
import { removeImages } from './engine.js';
import { context, newImageMeta, newInstance } from './nova-objects.js';

const MiB = 1024 * 1024;

/**
 * `loopback`: the engine finds the registry by itself. `counted`: it reaches the registry through a counter of bytes.
 * `unreachable`: nothing listens there. `silent`: the registry does not answer, and the snapshot is aborted. `killed`:
 * the registry does not answer, and this process is killed.
 */
export type Scenario = 'loopback' | 'counted' | 'unreachable' | 'silent' | 'killed';

/** What the program prints. */
export interface SnapshotReport {
  /** The requests to the engine that move images: `push`, `get`. */
  readonly requests: readonly string[];
  /** Bytes that the engine sent to the registry, if they were counted. */
  readonly pushedBytes: number;
  readonly baseSize: number | null;
  readonly snapshotSize: number | null;
  readonly isDelta: boolean;
  /** What an instance of the snapshot printed. */
  readonly output: string;
  /** What the snapshot threw. */
  readonly error: string | null;
  /** Whether the driver logged that the engine could not push. */
  readonly isWarned: boolean;
  /** What is left in the registry's folder. */
  readonly left: readonly string[];
}

const [folder = '', host = '', ...scenarios] = process.argv.slice(2);
const imageService = new DirectoryImageService({ directory: join(folder, 'images') });

/** Stands between the engine and the registry: counts bytes, or takes connections without an answer. */
class Gate implements AsyncDisposable {
  bytes = 0;
  readonly #connected = new AbortController();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  /** @param registryPort - undefined: connections get no answer. */
  constructor(private readonly registryPort: number | undefined) {}

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate has no port');
    return `127.0.0.1:${address.port}`;
  }

  /** Aborts when the engine connects. */
  get connected(): AbortSignal {
    return this.#connected.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#connected.abort(new Error('the operator aborted'));
    this.#sockets.add(socket.on('error', () => undefined));
    if (this.registryPort === undefined) return;
    const registry = connect(this.registryPort, '127.0.0.1').on('error', () => undefined);
    this.#sockets.add(registry);
    socket.on('data', (chunk) => (this.bytes += chunk.length));
    socket.pipe(registry).pipe(socket);
  }
}

async function report(scenario: string): Promise<SnapshotReport> {
  const requests: string[] = [];
  const warnings: string[] = [];
  const logger: Logger = {
    debug: (_message, details) => {
      const path: unknown = Reflect.get(details ?? {}, 'path');
      const move = /^\/images\/.*\/(push|get)$/.exec(String(path))?.[1];
      if (move !== undefined) requests.push(move);
    },
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
  };
  await using gate = new Gate(scenario === 'counted' ? 5043 : undefined);
  const address = await gate.listen();
  const addresses: Readonly<Record<string, string | undefined>> = {
    loopback: undefined,
    unreachable: '127.0.0.1:1',
  };
  const engineAddress = scenario in addresses ? addresses[scenario] : address;
  const registryFolder = join(folder, scenario);
  await using driver = new DockerDriver({
    ...{ imageService, logger, snapshots: 'delta' },
    registry: {
      ...{ accounts: new StaticAccounts([]), port: 5043, folder: registryFolder },
      ...(engineAddress === undefined ? {} : { engineAddress }),
    },
  });
  await driver.init_host(host);
  if (scenario === 'killed')
    gate.connected.addEventListener('abort', () => process.kill(process.pid, 'SIGKILL'));
  const command = 'head -c 1048576 /dev/urandom > /written; echo ready; exec sleep 1000';
  const layers = [[{ path: 'large', content: randomBytes(5 * MiB) }]];
  const base = await imageService.create(
    context,
    { container_format: 'docker', disk_format: 'raw' },
    await busyboxImage({ command: ['sh', '-c', command], layers }),
  );
  const { id } = await imageService.create(context, { name: 'snapshot' });
  const first = newInstance();
  await driver.spawn(context, first, newImageMeta(base.id));
  await printed(driver, first, 'ready');
  const signal = scenario === 'silent' ? gate.connected : undefined;
  const error = await driver
    .snapshot(context, first, id, () => Promise.resolve(), { signal })
    .then(
      () => null,
      (thrown: unknown) => String(thrown),
    );
  await driver.destroy(context, first, []);
  await removeImages([base.id]);
  const { size, properties } = await imageService.show(context, id);
  const output = error === null ? await booted(driver, id) : '';
  const folders = await readdir(registryFolder);
  const left = await Promise.all(folders.map((name) => readdir(join(registryFolder, name))));
  await removeImages([base.id, id]);
  return {
    ...{ requests, pushedBytes: gate.bytes, baseSize: base.size, snapshotSize: size, output, error },
    isDelta: properties['nova_docker_base'] !== undefined,
    isWarned: warnings.some((warning) => warning.includes('could not push')),
    left: left.flat(),
  };
}

async function booted(driver: DockerDriver, image_id: string): Promise<string> {
  const second = newInstance();
  const os_command_line = `sh -c 'stat -c "%n %s" /written /large; echo done; exec sleep 1000'`;
  await driver.spawn(context, second, newImageMeta(image_id, { os_command_line }));
  const output = await printed(driver, second, 'done');
  await driver.destroy(context, second, []);
  return output;
}

async function printed(driver: DockerDriver, instance: Instance, wanted: string): Promise<string> {
  for (;;) {
    const output = await driver.get_console_output(context, instance);
    if (output.includes(wanted)) return output;
    await sleep(100, undefined);
  }
}

for (const scenario of scenarios) console.log(JSON.stringify(await report(scenario)));
