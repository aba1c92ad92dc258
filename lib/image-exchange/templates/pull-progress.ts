import type { OnProgress } from '../../../interfaces/index.js';
import type { ProgressLine } from '../../engine/index.js';
import { Meter } from '../../progress/index.js';

/** What is known of a layer that an engine pulls: bytes as they are in the registry. */
interface PulledLayer {
  readonly bytes: number;
  readonly total: number | undefined;
}

/** What engines say of a layer that they are going to fetch, and of one that they have. */
const announced: readonly string[] = ['Pulling fs layer', 'Waiting'];
const complete: readonly string[] = ['Verifying Checksum', 'Download complete', 'Pull complete'];

/**
 * Tells a caller how an engine's pull gets on. Engines fetch several layers at once, each with a count of its own: they
 * are summed up, and the total is known when the last of them has said its size.
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
    // Engines say 0 of a size that they do not know.
    const { current = 0, total = 0 } = progressDetail ?? {};
    if (announced.includes(status)) this.#layers.set(id, known ?? { bytes: 0, total: undefined });
    // A layer whose download broke off is fetched anew.
    else if (status === 'Downloading')
      this.#set(id, Math.max(current, known?.bytes ?? 0), total > 0 ? total : known?.total);
    else if (complete.includes(status) && known !== undefined) {
      const size = known.total ?? known.bytes;
      this.#set(id, size, size);
    }
  }

  /** The pull has ended well. What comes now is another one. */
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

/** @returns undefined when one of them is not known. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
}
