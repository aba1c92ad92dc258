import type { Flavor, Logger } from '../../../interfaces/index.js';
import type { ContainerSpecification, Engine, SystemInfo } from '../../engine/index.js';
import { EngineError, engineWords } from '../../engine/index.js';

/**
 * Bounds the root disks of instances if the engine's storage driver supports it: btrfs, zfs, and overlay2 on XFS with
 * project quotas. Otherwise Nova only counts a flavor's `root_gb`, and the driver logs this once.
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
   * Asks the engine for its storage driver in advance, so that no spawn waits for it. Before this call no root disk is
   * bounded.
   */
  async prepare(signal?: AbortSignal): Promise<void> {
    const info = await this.#engine.system.info({ signal });
    this.#isBounded = mayBound(info);
    if (!this.#isBounded) this.#warn(`the storage driver is ${info.Driver}`);
  }

  /**
   * The specification of a container whose root disk has the flavor's size, or an unchanged one if the engine bounds no
   * root disks.
   *
   * Only the engine knows whether quotas are enabled. So pass the error of the creation to {@link isRefusal}, and if it
   * is one, create the container without the size.
   *
   * @param extraBytes - bytes that the root disk has on top of the flavor's size.
   */
  bounded(
    { root_gb }: Flavor,
    specification: ContainerSpecification,
    extraBytes = 0,
  ): ContainerSpecification {
    if (root_gb === 0 || !this.#isBounded) return specification;
    const { HostConfig: host } = specification;
    const size = extraBytes === 0 ? `${root_gb}G` : String(root_gb * 1024 ** 3 + extraBytes);
    return { ...specification, HostConfig: { ...host, StorageOpt: { size } } };
  }

  /** Whether the engine refused a root disk of a size. If so, no further root disk is bounded. */
  isRefusal(error: unknown): boolean {
    if (!refusesSize(error)) return false;
    this.#isBounded = false;
    this.#warn(error.engineMessage);
    return true;
  }

  /**
   * Reports that an ephemeral disk was created. The first call logs that its size is not bounded: it is a volume, and
   * no engine bounds volumes.
   */
  madeEphemeral(): void {
    if (this.#hasToldOfEphemerals) return;
    this.#hasToldOfEphemerals = true;
    this.#logger.warn('the engine cannot limit the size of ephemeral disks: only Nova counts it');
  }

  #warn(why: string): void {
    this.#logger.warn('the engine cannot limit the size of root disks: root_gb is only counted', { why });
  }
}

/**
 * The containerd image store accepts a size and ignores it (28.5). Its drivers have other names, or a `driver-type`.
 */
function mayBound({ Driver: driver, DriverStatus: status }: SystemInfo): boolean {
  if (driver === 'btrfs' || driver === 'zfs') return !status.some(([name]) => name === 'driver-type');
  return (
    driver === 'overlay2' && status.some(([name, value]) => name === 'Backing Filesystem' && value === 'xfs')
  );
}

function refusesSize(error: unknown): error is EngineError {
  return error instanceof EngineError && engineWords.noRootDiskSize.test(error.engineMessage);
}
