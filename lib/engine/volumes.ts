import type { VolumeName } from './schemas/identifiers.js';
import { path } from './request-path.js';
import { volumeInspect, volumeList, type VolumeInspect } from './schemas/volumes.js';
import type { CallOptions, Session } from './session.js';
import type { VolumeSpecification } from './specifications.js';

/**
 * Which volumes a list has. Only keys that the engine is known to have: it ignores others and then lists everything.
 */
interface VolumeFilters {
  /** `name` or `name=value`; a volume must match all. */
  readonly label?: readonly string[];
}

/** The volumes of an engine. */
export class VolumesApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Makes a volume; one that has the name already is given back as it is, with its own labels. */
  async create(specification: VolumeSpecification, options: CallOptions = {}): Promise<VolumeInspect> {
    return this.#session.json(
      {
        method: 'POST',
        path: path`/volumes/create`,
        body: specification,
        timeout: this.#session.timeouts.change,
        signal: options.signal,
      },
      volumeInspect,
    );
  }

  /** @throws EngineError 404 when there is none. */
  async inspect(volume: VolumeName, options: CallOptions = {}): Promise<VolumeInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/volumes/${volume}`,
        timeout: this.#session.timeouts.read,
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
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      volumeList,
    );
    return volumes;
  }

  /** Removes a volume with what is in it. @throws EngineError 404 when there is none, 409 when a container has it. */
  async remove(volume: VolumeName, options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/volumes/${volume}`,
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }
}
