import type { OnProgress } from '../../interfaces/index.js';
import type { LoadedLayer } from '../engine/index.js';
import { Meter } from './meter.js';

/** A layer of an archive that was sent to the engine. */
interface GivenLayer {
  readonly diffId: string;
  /** Size in the archive, in bytes. */
  readonly size: number;
}

/** Milliseconds between two reports while the engine is silent. */
const silence = 2000;

/**
 * Reports how far an engine is with loading an archive. The engine unpacks layers from the base up and does not report
 * those that it already has. When it reports a layer, the skipped layers below it are removed from the expected total.
 *
 * An engine with containerd's store reports nothing until it has unpacked all. So from {@link begin} to {@link end} the
 * listener gets a report at a fixed interval, whatever the engine says. Disposing ends these reports after a failure.
 */
export class LoadingProgress implements Disposable {
  readonly #onProgress: OnProgress | undefined;
  /** Layers that the engine may still report, from the base up; undefined while the archive's layers are unknown. */
  #ahead: readonly GivenLayer[] | undefined;
  #meter: Meter | undefined;
  #name: string | undefined;
  #layer: LoadedLayer | undefined;
  /** Bytes of the completed layers. */
  #before = 0;
  #repeating: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress;
  }

  /** Reports the start: the engine has received the whole archive. */
  begin(): void {
    if (this.#onProgress === undefined || this.#isOver) return;
    this.#onProgress({ phase: 'loading', bytes: 0 });
    this.#repeating = setInterval(() => this.#repeat(), silence);
  }

  /** @param layers - of the archive, from the base up. */
  expect(layers: readonly GivenLayer[]): void {
    this.#ahead = layers;
  }

  /** Handles the engine's report about a layer. */
  layer(layer: LoadedLayer): void {
    const meter = (this.#meter ??= new Meter(this.#onProgress, 'loading'));
    // Consecutive layers may have equal content and thus equal ids. Then a smaller `current` marks the next layer.
    if (layer.id !== this.#layer?.id || layer.current < this.#layer.current) this.#next(layer);
    this.#layer = layer;
    const left = this.#ahead?.reduce((sum, { size }) => sum + size, 0);
    meter.expect(left === undefined ? undefined : this.#before + layer.total + left);
    meter.reach(this.#before + layer.current, this.#name);
  }

  /** Reports the end: the engine has created the image. */
  end(): void {
    this[Symbol.dispose]();
    if (this.#layer === undefined) return;
    this.#meter?.reach(this.#before + this.#layer.total);
    this.#meter?.end();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#repeating);
  }

  #repeat(): void {
    if (this.#layer === undefined) this.#onProgress?.({ phase: 'waiting', bytes: 0 });
    else this.#meter?.reach(this.#before + this.#layer.current, this.#name);
  }

  #next({ id }: LoadedLayer): void {
    this.#before += this.#layer?.total ?? 0;
    const index = this.#ahead?.findIndex(({ diffId }) => diffId.startsWith(`sha256:${id}`)) ?? -1;
    this.#name = this.#ahead?.[index]?.diffId ?? id;
    if (index >= 0) this.#ahead = this.#ahead?.slice(index + 1);
  }
}
