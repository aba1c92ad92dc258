import type { OnProgress } from '../../../interfaces/index.js';
import type { ProgressLine } from '../../engine/index.js';
import { Meter } from '../../progress/index.js';
import { PullProgress } from './pull-progress.js';

/**
 * Tells a caller how an engine's build gets on: the context on its way, each step, and the base images that are pulled
 * for them.
 */
export class BuildProgress {
  readonly #onProgress: OnProgress | undefined;
  readonly #pulls: PullProgress;
  readonly #context: Meter;
  #sent = 0;
  #step: string | undefined;

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress;
    this.#pulls = new PullProgress(onProgress);
    this.#context = new Meter(onProgress, 'building');
  }

  /** So many bytes of the context went to the engine. */
  sent(bytes: number): void {
    this.#sent = bytes;
    this.#context.reach(bytes);
  }

  line(line: ProgressLine): void {
    this.#pulls.line(line);
    // A program in the build can print such a line, too: it spoils nothing but what is shown.
    const step = /^Step (\d{1,6}\/\d{1,6}) : /.exec(line.stream ?? '')?.[1];
    if (step === undefined || step === this.#step) return;
    this.#pulls.end();
    this.#step = step;
    this.#tell();
  }

  /** The build has ended well. */
  end(): void {
    this.#pulls.end();
    this.#step = undefined;
    this.#tell();
  }

  /** Builders begin with the first step when they have all of the context. */
  #tell(): void {
    const context = { bytes: this.#sent, total: this.#sent };
    this.#onProgress?.({
      phase: 'building',
      ...context,
      ...(this.#step === undefined ? {} : { layer: this.#step }),
    });
  }
}
