import type { Flavor, Logger } from '../../interfaces/index.js';
import type { ContainerSpecification, Engine, SystemInfo } from '../engine/index.js';
import { EngineError } from '../engine/index.js';

/**
 * Bounds the root disks of instances where the engine's storage driver can: btrfs and zfs, and overlay2 on XFS with
 * project quotas. Elsewhere flavors' `root_gb` is only counted, and that is said in the log once.
 */
export class RootDisks {
  readonly #engine: Engine;
  readonly #logger: Logger;
  #isBounded = false;
  #hasToldOfEphemerals = false;

  constructor({ engine, logger }: { readonly engine: Engine; readonly logger: Logger }) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /**
   * Asks the engine whether it can, so that no instance has to wait for the answer; before, no root disk is bounded.
   */
  async prepare(signal?: AbortSignal): Promise<void> {
    const info = await this.#engine.system.info({ signal });
    this.#isBounded = mayBound(info);
    if (!this.#isBounded) this.#warn(`the storage driver is ${info.Driver}`);
  }

  /**
   * Creates a container whose root disk has the flavor's size.
   *
   * Whether quotas are switched on only the engine knows, so it is tried, and given up when the engine refuses.
   *
   * @param create - creates a container as specified.
   */
  async create<T>(
    { root_gb }: Flavor,
    specification: ContainerSpecification,
    create: (specification: ContainerSpecification) => Promise<T>,
  ): Promise<T> {
    if (root_gb === 0 || !this.#isBounded) return await create(specification);
    const { HostConfig: host } = specification;
    try {
      return await create({
        ...specification,
        HostConfig: { ...host, StorageOpt: { size: `${root_gb}G` } },
      });
    } catch (error) {
      if (!refusesSize(error)) throw error;
      this.#isBounded = false;
      this.#warn(error.engineMessage);
      return await create(specification);
    }
  }

  /**
   * To be told of each ephemeral disk that is made: says in the log, once, that no engine bounds its size, since it is
   * a volume.
   */
  madeEphemeral(): void {
    if (this.#hasToldOfEphemerals) return;
    this.#hasToldOfEphemerals = true;
    this.#logger.warn('an engine cannot bound ephemeral disks: their sizes are only counted by Nova');
  }

  #warn(why: string): void {
    this.#logger.warn('the engine cannot bound root disks: root_gb is only counted', { why });
  }
}

/** The containerd store must not be asked: it takes a size and heeds it not (28.5). Its drivers have other names. */
function mayBound({ Driver: driver, DriverStatus: status }: SystemInfo): boolean {
  if (driver === 'btrfs' || driver === 'zfs') return !status.some(([name]) => name === 'driver-type');
  return (
    driver === 'overlay2' && status.some(([name, value]) => name === 'Backing Filesystem' && value === 'xfs')
  );
}

/**
 * "--storage-opt is supported only for overlay over xfs with 'pquota' mount option", "Failed to limit qgroup for …:
 * transport endpoint is not connected" where the quotas of btrfs are off (500 both, 20.10 to 28.5).
 */
function refusesSize(error: unknown): error is EngineError {
  return error instanceof EngineError && /--storage-opt is |limit qgroup/i.test(error.engineMessage);
}
