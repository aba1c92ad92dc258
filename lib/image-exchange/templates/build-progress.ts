import type { OnProgress } from '../../../interfaces/index.js';
import type { ProgressLine } from '../../engine/index.js';
import { progressWords } from '../../engine/index.js';
import { Meter } from '../../progress/index.js';
import { PullProgress } from './pull-progress.js';

/** Reports the progress of an engine's build: the upload of the context, each step, and the pulls of base images. */
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

  /** Reports the bytes of the context that were sent to the engine. */
  sent(bytes: number): void {
    this.#sent = bytes;
    this.#context.reach(bytes);
  }

  line(line: ProgressLine): void {
    this.#pulls.line(line);
    // A program in the build can print such a line too, but that only falsifies the displayed progress.
    const step = progressWords.buildStep.exec(line.stream ?? '')?.[1];
    if (step === undefined || step === this.#step) return;
    this.#pulls.end();
    this.#step = step;
    this.#tell();
  }

  /** Reports the end of a successful build. */
  end(): void {
    this.#pulls.end();
    this.#step = undefined;
    this.#tell();
  }

  /** Reports the whole context as sent: builders start the first step after they have received all of it. */
  #tell(): void {
    const context = { bytes: this.#sent, total: this.#sent };
    this.#onProgress?.({
      phase: 'building',
      ...context,
      ...(this.#step === undefined ? {} : { layer: this.#step }),
    });
  }
}
