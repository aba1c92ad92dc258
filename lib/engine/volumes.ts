import type { VolumeName } from './schemas/identifiers.js';
import { path } from './request-path.js';
import { volumeInspect, volumeList, type VolumeInspect } from './schemas/volumes.js';
import type { CallOptions, Session } from './session.js';
import type { VolumeSpecification } from './specifications.js';

/**
 * A list filter: a volume must match one value of every key. Only supported keys are declared: engines ignore an
 * unknown key and then return every volume.
 */
interface VolumeFilters {
  /** `name` or `name=value`; a volume must match all. */
  readonly label?: readonly string[];
}

/** The `/volumes` API of an engine. */
export class VolumesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Creates a volume. If the name exists, returns that volume unchanged, with its own labels. */
  async create(specification: VolumeSpecification, options: CallOptions = {}): Promise<VolumeInspect> {
    return this.#session.json(
      {
        method: 'POST',
        path: path`/volumes/create`,
        body: specification,
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      volumeInspect,
    );
  }

  /** @throws EngineError 404 when the volume does not exist. */
  async inspect(volume: VolumeName, options: CallOptions = {}): Promise<VolumeInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/volumes/${volume}`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      volumeInspect,
    );
  }

  /** Lists volumes. */
  async list(options: CallOptions & { filters?: VolumeFilters } = {}): Promise<VolumeInspect[]> {
    const { Volumes: volumes } = await this.#session.json(
      {
        method: 'GET',
        path: path`/volumes`,
        query: { filters: options.filters },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      volumeList,
    );
    return volumes;
  }

  /** Removes a volume with its data. @throws EngineError 404 when it does not exist, 409 when a container uses it. */
  async remove(volume: VolumeName, options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/volumes/${volume}`,
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }
}
