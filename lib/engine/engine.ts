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

/** Options of an engine client. */
export interface EngineClientOptions {
  /** Receives every request, at level `debug`. */
  readonly logger?: Logger;
  /** Overrides of single default timeouts. */
  readonly timeouts?: Partial<EngineTimeouts>;
  /**
   * Selects, by name, the labels that lists and events keep. Default: all. Images and containers may have megabytes of
   * labels, so a filter bounds memory.
   */
  readonly keepLabel?: (name: string) => boolean;
}

/** A client of one Docker Engine. The constructor sends nothing; the first call negotiates the API version. */
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
   * Negotiates the API version, once. Every call negotiates implicitly when necessary.
   *
   * @throws EngineVersionUnsupported when the engine and this client have no API version in common.
   */
  negotiate(options: CallOptions = {}): Promise<EngineVersion> {
    return this.#session.version(options.signal);
  }

  /** Whether {@link close} was called. All later calls fail. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes all connections. Pending calls and streams, and all later calls, fail with EngineUnreachable. */
  close(): void {
    this.#closed = true;
    this.#session.close();
  }
}
