import type { OnProgress, Progress } from '../../interfaces/index.js';

/** Milliseconds between two reports. */
const interval = 100;

/** Passes on progress about ten times a second: the first and the last report of each phase always. */
export class ProgressThrottle {
  readonly #tell: OnProgress;
  #toldAt = 0;
  #told: Progress | undefined;
  #last: Progress | undefined;

  constructor(tell: OnProgress) {
    this.#tell = tell;
  }

  /** The newest report, passed on or not. */
  get last(): Progress | undefined {
    return this.#last;
  }

  report(progress: Progress): void {
    if (progress.phase !== this.#last?.phase) this.flush();
    const isNewPhase = progress.phase !== this.#told?.phase;
    this.#last = progress;
    if (isNewPhase || performance.now() - this.#toldAt >= interval) this.flush();
  }

  /** Passes on the newest report, if it was not. */
  flush(): void {
    if (this.#last === undefined || this.#last === this.#told) return;
    this.#told = this.#last;
    this.#toldAt = performance.now();
    this.#tell(this.#last);
  }
}
