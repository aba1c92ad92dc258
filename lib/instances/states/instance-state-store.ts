import { isDeepStrictEqual } from 'node:util';
import { NovaException } from '../../../interfaces/index.js';
import type { Engine, VolumeInspect, VolumeName } from '../../engine/index.js';
import { isConflict, isNotFound, undefinedIfNotFound, volumeName } from '../../engine/index.js';
import { instanceContainerName, label } from '../../common/index.js';

/** The kinds of state that can be stored. */
type StateKind = 'suspended' | 'stopped' | 'flavor' | 'resize';

/** One record of an instance. */
interface InstanceState {
  readonly uuid: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Stores state of an instance that changes after its container was created. A container's labels are immutable, so a
 * record is an empty volume of the engine with labels: it survives the driver and needs no storage on the driver's
 * side.
 */
export class InstanceStateStore {
  readonly #engine: Engine;
  readonly #host: string;

  constructor(engine: Engine, host: string) {
    this.#engine = engine;
    this.#host = host;
  }

  /**
   * Writes a record, replacing an earlier one.
   *
   * @throws NovaException when a user's container has mounted the volume of this name, so that it cannot be replaced.
   */
  async write(
    uuid: string,
    kind: StateKind,
    values: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<void> {
    await this.remove(uuid, kind, signal);
    const wanted = {
      Name: stateVolumeName(uuid, kind),
      Labels: { ...values, [label.host]: this.#host, [label.instanceUuid]: uuid, [label.stateKind]: kind },
    };
    // If the name is taken, the engine returns the existing volume.
    const { Labels: actual } = await this.#engine.volumes.create(wanted, { signal });
    if (!isDeepStrictEqual({ ...actual }, wanted.Labels))
      throw new NovaException(
        `The volume ${wanted.Name} is reserved for the driver, but a container has mounted it: remove that container`,
        { instance_uuid: uuid },
      );
  }

  /** @returns the values of a record; undefined when it does not exist. */
  async read(
    uuid: string,
    kind: StateKind,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const inspection = this.#engine.volumes.inspect(stateVolumeName(uuid, kind), { signal });
    const volume = await undefinedIfNotFound(inspection);
    return volume !== undefined && this.#isOurs(volume, kind) ? volume.Labels : undefined;
  }

  /** The values of all records of a kind, by the instance's uuid. */
  async list(
    kind: StateKind,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const labels = [`${label.host}=${this.#host}`, `${label.stateKind}=${kind}`];
    const volumes = await this.#engine.volumes.list({ filters: { label: labels }, signal });
    return new Map(volumes.map(({ Labels: values }) => [values[label.instanceUuid] ?? '', values]));
  }

  /** Removes a record. Idempotent. */
  async remove(uuid: string, kind: StateKind, signal?: AbortSignal): Promise<void> {
    await this.#engine.volumes.remove(stateVolumeName(uuid, kind), { signal }).catch((error: unknown) => {
      // 409: a user's container has mounted the volume, and only its owner can change that. The next `write` reports
      // it.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }

  /** All records of all instances. */
  async all(signal?: AbortSignal): Promise<InstanceState[]> {
    const filters = { label: [`${label.host}=${this.#host}`, label.stateKind] };
    const volumes = await this.#engine.volumes.list({ filters, signal });
    return volumes.flatMap(({ Labels: values }) => {
      const uuid = values[label.instanceUuid];
      return uuid === undefined ? [] : [{ uuid, values }];
    });
  }

  /** Removes all records of an instance. */
  async forget(uuid: string): Promise<void> {
    const labels = [`${label.host}=${this.#host}`, `${label.instanceUuid}=${uuid}`, label.stateKind];
    for (const { Labels: values } of await this.#engine.volumes.list({ filters: { label: labels } })) {
      const kind = stateKinds.find((known) => known === values[label.stateKind]);
      if (kind !== undefined) await this.remove(uuid, kind);
    }
  }

  #isOurs({ Labels: labels }: VolumeInspect, kind: StateKind): boolean {
    return labels[label.host] === this.#host && labels[label.stateKind] === kind;
  }
}

const stateKinds: readonly StateKind[] = ['suspended', 'stopped', 'flavor', 'resize'];

function stateVolumeName(uuid: string, kind: StateKind): VolumeName {
  return volumeName(`${instanceContainerName(uuid)}.${kind}`);
}
