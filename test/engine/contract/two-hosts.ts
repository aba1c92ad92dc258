import type { ComputeDriver, ImageMeta } from '../../../interfaces/index.js';
import type { Harness } from './harness.js';

/** Two hosts whose instances can move from one to the other. */
export interface TwoHosts {
  readonly source: Harness;
  readonly destination: Harness;
  /** What Nova calls `dest_host`. */
  readonly addresses: Readonly<Record<'source' | 'destination', string>>;
  /** A driver of the source that knows of no other host. */
  readonly unconnected: ComputeDriver;
  /** An image with a shell; /var has the folders `gone`, `anew`, `replaced` and `volume`, which is a volume, with a `file` in each. */
  readonly image: ImageMeta;
  readonly close: () => Promise<void>;
}
