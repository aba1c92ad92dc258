import type { OnProgress, Progress } from '../../interfaces/index.js';

/** Milliseconds between two reports. */
const interval = 100;

/**
 * Passes on progress about ten times a second: the first and the last report of each phase, and the first of a layer,
 * always. When a phase begins anew, because what came was of no use, its bytes and its total go on from where they
 * stood: bytes never become fewer.
 */
export class ProgressThrottle {
  readonly #tell: OnProgress;
  #toldAt = 0;
  #told: Progress | undefined;
  #last: Progress | undefined;
  /** Bytes of this phase before it began anew. */
  #before = 0;

  constructor(tell: OnProgress) {
    this.#tell = tell;
  }

  /** The newest report, passed on or not. */
  get last(): Progress | undefined {
    return this.#last;
  }

  report(progress: Progress): void {
    if (progress.phase !== this.#last?.phase) {
      this.flush();
      this.#before = 0;
    } else if (this.#before + progress.bytes < this.#last.bytes) this.#before = this.#last.bytes;
    const isNewPhase = progress.phase !== this.#told?.phase;
    this.#last = after(this.#before, progress);
    // A quick phase begins and ends without one.
    const isFirstLayer = progress.layer !== undefined && this.#told?.layer === undefined;
    if (isNewPhase || isFirstLayer || performance.now() - this.#toldAt >= interval) this.flush();
  }

  /** Passes on the newest report, if it was not. */
  flush(): void {
    if (this.#last === undefined || this.#last === this.#told) return;
    this.#told = this.#last;
    this.#toldAt = performance.now();
    this.#tell(this.#last);
  }
}

function after(before: number, progress: Progress): Progress {
  if (before === 0) return progress;
  const { bytes, total } = progress;
  return { ...progress, bytes: before + bytes, ...(total === undefined ? {} : { total: before + total }) };
}
