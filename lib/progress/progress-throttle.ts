import type { OnProgress, Progress } from '../../interfaces/index.js';

/** Minimum milliseconds between two reports. */
const intervalMs = 100;

/**
 * Limits progress reports to about ten a second. Always passes on the first and the last report of each phase, and its
 * first report with a layer. When a phase restarts, for example because received data was unusable, bytes and total
 * continue from the previous values: the reported bytes never decrease.
 */
export class ProgressThrottle {
  readonly #tell: OnProgress;
  #reportedAt = 0;
  #reported: Progress | undefined;
  #last: Progress | undefined;
  /** Bytes of this phase before its restart. */
  #before = 0;

  constructor(tell: OnProgress) {
    this.#tell = tell;
  }

  /** The newest report, even if it was not passed on. */
  get last(): Progress | undefined {
    return this.#last;
  }

  report(progress: Progress): void {
    if (progress.phase !== this.#last?.phase) {
      this.flush();
      this.#before = 0;
    } else if (this.#before + progress.bytes < this.#last.bytes) this.#before = this.#last.bytes;
    const isNewPhase = progress.phase !== this.#reported?.phase;
    this.#last = after(this.#before, progress);
    // Otherwise a quick phase would end without ever reporting a layer.
    const isFirstLayer = progress.layer !== undefined && this.#reported?.layer === undefined;
    if (isNewPhase || isFirstLayer || performance.now() - this.#reportedAt >= intervalMs) this.flush();
  }

  /** Passes on the newest report, unless that was already done. */
  flush(): void {
    if (this.#last === undefined || this.#last === this.#reported) return;
    this.#reported = this.#last;
    this.#reportedAt = performance.now();
    this.#tell(this.#last);
  }
}

function after(before: number, progress: Progress): Progress {
  if (before === 0) return progress;
  const { bytes, total } = progress;
  return { ...progress, bytes: before + bytes, ...(total === undefined ? {} : { total: before + total }) };
}
