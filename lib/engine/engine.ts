import type { Logger } from '../../interfaces/index.js';
import type { EngineAddress } from './address.js';
import type { EngineVersion } from './api-version.js';
import { BuildApi } from './build.js';
import { ContainersApi } from './containers.js';
import { ExecApi } from './exec.js';
import { FilesApi } from './files.js';
import { ImagesApi } from './images.js';
import { NetworksApi } from './networks.js';
import { RegistryApi } from './registry.js';
import { Session, type CallOptions } from './session.js';
import { SystemApi } from './system.js';
import type { EngineTimeouts } from './timeouts.js';
import { VolumesApi } from './volumes.js';

/** What an engine's client may be told. */
export interface EngineClientOptions {
  /** Told about every request, at `debug`. */
  readonly logger?: Logger;
  /** Instead of the default ones. */
  readonly timeouts?: Partial<EngineTimeouts>;
  /**
   * Which labels of containers and images are kept of lists and events, by their names; default: all. Images and
   * containers may have megabytes of them.
   */
  readonly keepLabel?: (name: string) => boolean;
}

/** A Docker Engine. Making one does nothing; the first call negotiates the API version. */
export class Engine {
  readonly system: SystemApi;
  readonly containers: ContainersApi;
  readonly files: FilesApi;
  readonly images: ImagesApi;
  readonly build: BuildApi;
  readonly registry: RegistryApi;
  readonly networks: NetworksApi;
  readonly volumes: VolumesApi;
  readonly exec: ExecApi;
  readonly #session: Session;
  #closed = false;

  constructor(address: EngineAddress, options: EngineClientOptions = {}) {
    const session = new Session(address, options);
    this.#session = session;
    this.system = new SystemApi(session);
    this.containers = new ContainersApi(session);
    this.files = new FilesApi(session);
    this.images = new ImagesApi(session);
    this.build = new BuildApi(session);
    this.registry = new RegistryApi(session);
    this.networks = new NetworksApi(session);
    this.volumes = new VolumesApi(session);
    this.exec = new ExecApi(session);
  }

  /**
   * Agrees with the engine on an API version, once; every call does this first where it has not been done.
   *
   * @throws EngineVersionUnsupported when the engine speaks none that this client knows.
   */
  negotiate(options: CallOptions = {}): Promise<EngineVersion> {
    return this.#session.version(options.signal);
  }

  /** Whether {@link close} was called: then nothing can be asked any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes all connections; calls and streams under way fail with EngineUnreachable, and so do later calls. */
  close(): void {
    this.#closed = true;
    this.#session.close();
  }
}
