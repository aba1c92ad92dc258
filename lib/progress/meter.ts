import type { OnProgress, ProgressPhase } from '../../interfaces/index.js';
import { Rate } from './rate.js';

/** Milliseconds between two reports. */
const interval = 200;

/**
 * Tells how a phase gets on that moves bytes: at its first bytes, and those of a layer, then at most five times a
 * second, and at its end, when `total` is what was moved. Its bytes never become fewer.
 */
export class Meter {
  readonly #onProgress: OnProgress | undefined;
  readonly #phase: ProgressPhase;
  readonly #rate = new Rate(performance.now());
  #total: number | undefined;
  #bytes = 0;
  #layer: string | undefined;
  #toldAt = -Infinity;
  #toldBytes: number | undefined;
  #toldLayer: string | undefined;

  /** @param total - bytes that there will be, where that is known. */
  constructor(onProgress: OnProgress | undefined, phase: ProgressPhase, total?: number | null) {
    this.#onProgress = onProgress;
    this.#phase = phase;
    this.#total = total ?? undefined;
  }

  /**
   * So many bytes more have passed.
   *
   * @param layer - that they belong to.
   */
  add(bytes: number, layer?: string): void {
    this.reach(this.#bytes + bytes, layer);
  }

  /**
   * So many bytes have passed in all.
   *
   * @param layer - that the last of them belong to.
   */
  reach(bytes: number, layer?: string): void {
    this.#bytes = Math.max(this.#bytes, bytes);
    this.#layer = layer;
    const now = performance.now();
    // A small configuration often comes first, and would be all that is told of a quick transfer.
    const isFirstLayer = layer !== undefined && this.#toldLayer === undefined;
    if (isFirstLayer || now - this.#toldAt >= interval) this.#tell(now);
  }

  /** @param total - what is known by now of the bytes that there will be. */
  expect(total: number | undefined): void {
    this.#total = total;
  }

  /** All bytes have passed. */
  end(): void {
    const isTold = this.#toldBytes === this.#bytes && this.#total === this.#bytes;
    this.#total = this.#bytes;
    this.#layer = undefined;
    if (!isTold || this.#toldLayer !== undefined) this.#tell(performance.now());
  }

  #tell(now: number): void {
    this.#toldAt = now;
    this.#toldLayer = this.#layer;
    const bytes = this.#bytes;
    this.#toldBytes = bytes;
    const rate = this.#rate.measure(bytes, now);
    this.#onProgress?.({
      phase: this.#phase,
      bytes,
      // More than was announced: whoever announced it was wrong.
      ...(this.#total === undefined || this.#total < bytes ? {} : { total: this.#total }),
      ...(this.#layer === undefined ? {} : { layer: this.#layer }),
      ...(rate === undefined ? {} : { rate }),
    });
  }
}
