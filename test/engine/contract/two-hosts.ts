import type { ComputeDriver, ImageMeta } from '../../../interfaces/index.js';
import type { Harness } from './harness.js';

/** Two hosts between which instances can be migrated. */
export interface TwoHosts {
  readonly source: Harness;
  readonly destination: Harness;
  /** The addresses that Nova passes as `dest`. */
  readonly addresses: Readonly<Record<'source' | 'destination', string>>;
  /** Starts another driver of the source, without the option `migrationEngine`. The caller ends it. */
  readonly startUnconnected: () => Promise<ComputeDriver>;
  /** An image with a shell; /var has `gone`, `anew`, `replaced` and the volume `volume`, each with a file. */
  readonly image: ImageMeta;
  readonly close: () => Promise<void>;
}
