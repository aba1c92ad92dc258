import { bearerToken } from '../access/index.js';
import type { RegistryRequest } from '../http/index.js';
import { type ExistingBlob, type ReceptionParts, SnapshotReception } from './snapshot-reception.js';

/** The snapshots that engines push now. */
export class SnapshotReceptions {
  readonly #parts: ReceptionParts;
  readonly #open = new Map<string, SnapshotReception>();

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /** Begins to receive a snapshot, see {@link SnapshotReception}. */
  receive(existing: readonly ExistingBlob[]): SnapshotReception {
    const reception = new SnapshotReception(this.#parts, existing, ({ token }) => this.#open.delete(token));
    this.#open.set(reception.token, reception);
    return reception;
  }

  /** Returns the reception that the token of a request is for; undefined when it is another token. */
  of(request: RegistryRequest): SnapshotReception | undefined {
    const token = bearerToken(request);
    return token === undefined ? undefined : this.#open.get(token);
  }
}
