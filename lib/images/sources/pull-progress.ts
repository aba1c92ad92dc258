import type { OnProgress } from '../../../interfaces/index.js';
import type { ProgressLine } from '../../engine/index.js';
import { ProgressThrottle } from '../progress-throttle.js';

/** Tells a caller how an engine's pull gets on: a layer at a time, with its bytes as they are in the registry. */
export class PullProgress {
  readonly #throttle: ProgressThrottle;

  constructor(onProgress: OnProgress | undefined) {
    this.#throttle = new ProgressThrottle((progress) => onProgress?.(progress));
  }

  line({ status, id, progressDetail }: ProgressLine): void {
    const { current, total } = progressDetail ?? {};
    if (status !== 'Downloading' || current === undefined || id === undefined) return;
    const known = total === undefined || total < current ? {} : { total };
    this.#throttle.report({ phase: 'pulling', bytes: current, ...known, layer: id });
  }

  end(): void {
    this.#throttle.flush();
  }
}
