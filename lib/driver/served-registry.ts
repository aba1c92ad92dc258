import type { ImageService, Logger } from '../../interfaces/index.js';
import { InvalidInput, NovaException } from '../../interfaces/index.js';
import type { SnapshotReceiver } from '../images/index.js';
import { ImageRegistry } from '../registry/index.js';
import type { DockerDriverOptions } from './options.js';

/** What a {@link ServedRegistry} works with. */
interface RegistryParts {
  readonly registry: NonNullable<DockerDriverOptions['registry']>;
  readonly imageLimits: DockerDriverOptions['imageLimits'];
  readonly imageService: ImageService;
  /** Whether the engine is on this machine. */
  readonly isLocal: boolean;
  readonly logger: Logger;
}

/** The registry that a driver runs while it serves a host. People and the host's engine push to it. */
export class ServedRegistry implements SnapshotReceiver {
  readonly #registry: ImageRegistry;
  readonly #isLocal: boolean;
  readonly #givenAddress: string | undefined;
  #address: string | undefined;

  constructor({ registry, imageLimits = {}, imageService, isLocal, logger }: RegistryParts) {
    const { engineAddress, ...options } = registry;
    this.#registry = new ImageRegistry({ imageLimits, ...options, imageService, logger });
    this.#isLocal = isLocal;
    this.#givenAddress = engineAddress;
  }

  /**
   * `host:port` for the engine: the given one, else the registry's own if both are on this machine's loopback; otherwise
   * undefined.
   */
  get engineAddress(): string | undefined {
    const isReached = this.#isLocal && this.#address?.startsWith('127.') === true;
    return this.#givenAddress ?? (isReached ? this.#address : undefined);
  }

  /**
   * Begins to listen.
   *
   * @throws InvalidInput when a certificate cannot be read.
   * @throws NovaException when the address or the folder cannot be used.
   */
  async start(): Promise<void> {
    try {
      this.#address = await this.#registry.start();
    } catch (error) {
      if (error instanceof InvalidInput) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new NovaException(`The registry of the driver could not start: ${why}`, { cause: error });
    }
  }

  receiveSnapshot(
    existing: Parameters<ImageRegistry['receiveSnapshot']>[0],
  ): ReturnType<ImageRegistry['receiveSnapshot']> {
    return this.#registry.receiveSnapshot(existing);
  }

  /** Ends running requests and closes all connections. */
  async close(): Promise<void> {
    await this.#registry.close();
  }
}
