import type { OnProgress } from '../../../interfaces/index.js';
import type { ProgressLine } from '../../engine/index.js';
import { progressWords } from '../../engine/index.js';
import { Meter } from '../../progress/index.js';

/** Progress of a layer that an engine pulls, in compressed bytes. */
interface PulledLayer {
  readonly bytes: number;
  readonly total: number | undefined;
}

/** Statuses of a layer that an engine will fetch, and of one that it has. */
const announced: readonly string[] = progressWords.announcedLayer;
const complete: readonly string[] = progressWords.completeLayer;

/**
 * Reports the progress of an engine's pull. Engines fetch several layers at once and report each one separately. The
 * sum is reported, and its total once every layer's size is known.
 */
export class PullProgress {
  readonly #onProgress: OnProgress | undefined;
  readonly #layers = new Map<string, PulledLayer>();
  #meter: Meter | undefined;

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress;
  }

  line({ status = '', id, progressDetail }: ProgressLine): void {
    if (id === undefined) return;
    const known = this.#layers.get(id);
    // Engines report 0 for an unknown size.
    const { current = 0, total = 0 } = progressDetail ?? {};
    if (announced.includes(status)) this.#layers.set(id, known ?? { bytes: 0, total: undefined });
    // Keep the maximum: the engine restarts a layer after its download broke off.
    else if (status === progressWords.fetchedLayer)
      this.#set(id, Math.max(current, known?.bytes ?? 0), total > 0 ? total : known?.total);
    else if (complete.includes(status) && known !== undefined) {
      const size = known.total ?? known.bytes;
      this.#set(id, size, size);
    }
  }

  /** Reports the end of a successful pull. Later lines belong to the next pull. */
  end(): void {
    this.#meter?.end();
    this.#meter = undefined;
    this.#layers.clear();
  }

  #set(id: string, bytes: number, total: number | undefined): void {
    this.#layers.set(id, { bytes, total });
    const layers = [...this.#layers.values()];
    const meter = (this.#meter ??= new Meter(this.#onProgress, 'pulling'));
    meter.expect(sum(layers.map((layer) => layer.total)));
    meter.reach(sum(layers.map((layer) => layer.bytes)) ?? 0, id);
  }
}

/** @returns undefined when a value is undefined. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
}
