import type { OnProgress, ProgressPhase } from '../../interfaces/index.js';
import { Rate } from './rate.js';

/** Minimum milliseconds between two reports. */
const intervalMs = 200;

/**
 * Reports the progress of a phase that moves bytes: at its first bytes, at the first bytes with a layer, then at most
 * five times a second, and at its end, with `total` equal to the bytes moved. The reported bytes never decrease.
 */
export class Meter {
  readonly #onProgress: OnProgress | undefined;
  readonly #phase: ProgressPhase;
  readonly #rate = new Rate(performance.now());
  #total: number | undefined;
  #bytes = 0;
  #layer: string | undefined;
  #reportedAt = -Infinity;
  #reportedBytes: number | undefined;
  #reportedLayer: string | undefined;

  /** @param total - expected total in bytes, if known. */
  constructor(onProgress: OnProgress | undefined, phase: ProgressPhase, total?: number | null) {
    this.#onProgress = onProgress;
    this.#phase = phase;
    this.#total = total ?? undefined;
  }

  /**
   * Adds bytes.
   *
   * @param bytes - number of bytes since the last call.
   * @param layer - that the bytes belong to.
   */
  add(bytes: number, layer?: string): void {
    this.reach(this.#bytes + bytes, layer);
  }

  /**
   * Sets the number of bytes moved so far.
   *
   * @param bytes - number of bytes since the start of the phase; a smaller number than before is ignored.
   * @param layer - that the latest bytes belong to.
   */
  reach(bytes: number, layer?: string): void {
    this.#bytes = Math.max(this.#bytes, bytes);
    this.#layer = layer;
    const now = performance.now();
    // An image's small configuration often precedes its layers. In a quick transfer it would use up the only report.
    const isFirstLayer = layer !== undefined && this.#reportedLayer === undefined;
    if (isFirstLayer || now - this.#reportedAt >= intervalMs) this.#tell(now);
  }

  /** @param total - the new expected total in bytes; undefined if unknown. */
  expect(total: number | undefined): void {
    this.#total = total;
  }

  /** Reports the end of the phase. */
  end(): void {
    const isReported = this.#reportedBytes === this.#bytes && this.#total === this.#bytes;
    this.#total = this.#bytes;
    this.#layer = undefined;
    if (!isReported || this.#reportedLayer !== undefined) this.#tell(performance.now());
  }

  #tell(now: number): void {
    this.#reportedAt = now;
    this.#reportedLayer = this.#layer;
    const bytes = this.#bytes;
    this.#reportedBytes = bytes;
    const rate = this.#rate.measure(bytes, now);
    this.#onProgress?.({
      phase: this.#phase,
      bytes,
      // The announced total was too small: report none.
      ...(this.#total === undefined || this.#total < bytes ? {} : { total: this.#total }),
      ...(this.#layer === undefined ? {} : { layer: this.#layer }),
      ...(rate === undefined ? {} : { rate }),
    });
  }
}
