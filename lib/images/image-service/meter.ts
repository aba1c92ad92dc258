import type { OnProgress, ProgressPhase } from '../../../interfaces/index.js';

/** Milliseconds between two reports. */
const INTERVAL = 200;

/** Tells a caller how a transfer gets on: at most five times a second, and at its end. */
export class Meter {
  #bytes = 0;
  #reported = 0;
  #last = 0;

  /** @param total - bytes that there will be, where that is known. */
  constructor(
    private readonly onProgress: OnProgress | undefined,
    private readonly phase: ProgressPhase,
    private readonly total: number | null,
  ) {}

  /** So many bytes more have passed. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (performance.now() - this.#last >= INTERVAL) this.#report();
  }

  /** The transfer is complete. */
  end(): void {
    if (this.#reported !== this.#bytes || this.#bytes === 0) this.#report();
  }

  #report(): void {
    this.#last = performance.now();
    this.#reported = this.#bytes;
    const { phase, total } = this;
    this.onProgress?.({ phase, bytes: this.#bytes, ...(total === null ? {} : { total }) });
  }
}
