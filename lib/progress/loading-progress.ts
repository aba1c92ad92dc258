import type { OnProgress } from '../../interfaces/index.js';
import type { LoadedLayer } from '../engine/index.js';
import { Meter } from './meter.js';

/** A layer that an engine was given. */
interface GivenLayer {
  readonly diffId: string;
  /** Bytes in the archive. */
  readonly size: number;
}

/**
 * Tells how an engine gets on with an archive that it has got. It unpacks the layers from the base up, and says nothing
 * of those that it has already: they are known from the first that comes after them, and what is left of them is taken
 * from the total.
 */
export class LoadingProgress {
  readonly #onProgress: OnProgress | undefined;
  /** Those that may come yet, from the base up; undefined while it is not known which. */
  #ahead: readonly GivenLayer[] | undefined;
  #meter: Meter | undefined;
  #name: string | undefined;
  #layer: LoadedLayer | undefined;
  /** Bytes of the layers before. */
  #before = 0;

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress;
  }

  /** The engine has all of the archive. */
  begin(): void {
    this.#onProgress?.({ phase: 'loading', bytes: 0 });
  }

  /** @param layers - what the archive holds, from the base up. */
  expect(layers: readonly GivenLayer[]): void {
    this.#ahead = layers;
  }

  /** The engine says how far it is with a layer. */
  layer(layer: LoadedLayer): void {
    const meter = (this.#meter ??= new Meter(this.#onProgress, 'loading'));
    // Two layers of the same content come one after the other, too.
    if (layer.id !== this.#layer?.id || layer.current < this.#layer.current) this.#next(layer);
    this.#layer = layer;
    const left = this.#ahead?.reduce((sum, { size }) => sum + size, 0);
    meter.expect(left === undefined ? undefined : this.#before + layer.total + left);
    meter.reach(this.#before + layer.current, this.#name);
  }

  /** The engine has made an image of it. */
  end(): void {
    if (this.#layer === undefined) return;
    this.#meter?.reach(this.#before + this.#layer.total);
    this.#meter?.end();
  }

  #next({ id }: LoadedLayer): void {
    this.#before += this.#layer?.total ?? 0;
    const index = this.#ahead?.findIndex(({ diffId }) => diffId.startsWith(`sha256:${id}`)) ?? -1;
    this.#name = this.#ahead?.[index]?.diffId ?? id;
    if (index >= 0) this.#ahead = this.#ahead?.slice(index + 1);
  }
}
