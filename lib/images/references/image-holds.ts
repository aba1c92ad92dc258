import type { Logger } from '../../../interfaces/index.js';
import type { Engine, ImageReference } from '../../engine/index.js';
import { Turns } from '../../streams/index.js';
import { discardLastingImage } from './temporary-image.js';

/**
 * How many images are remembered to have been kept. One that was forgotten is removed early when nobody uses it, and
 * loaded anew.
 */
const longestMemory = 1000;

/**
 * What is known of an image from its first holder to its last; where it goes with that one, until then: who comes
 * before is one of them.
 */
interface Holding {
  holders: number;
  /** Whether the engine got it from us meanwhile; `perhaps` when it was told to name it so and its answer was lost. */
  loaded: 'no' | 'perhaps' | 'yes';
  /** Whether one of its holders boots from it: then it stays, whatever becomes of the others. */
  isKept: boolean;
}

/** One claim on an image. Only the first end of it counts. */
export interface Hold {
  readonly keep: () => void;
  readonly abandon: () => Promise<void>;
}

/**
 * Who counts on which image of the engine while no container of theirs shows it. An image that is held is not removed;
 * one that came for the sake of its holders goes with the last of them, unless one of them has use for it.
 */
export class ImageHolds {
  readonly #engine: Engine;
  readonly #logger: Logger;
  /** Removing an image, and waiting until it is removed, take turns. */
  readonly #turns = new Turns();
  readonly #held = new Map<ImageReference, Holding>();
  /** When images were kept for the last time, in seconds since 1970; the latest comes last. */
  readonly #kept = new Map<ImageReference, number>();

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /**
   * Holds an image, there or not. It asks the engine for nothing, but waits where the image is just being removed.
   *
   * @throws the signal's reason when it aborts meanwhile.
   */
  async take(image: ImageReference, signal: AbortSignal | undefined): Promise<Hold> {
    const holding = this.#held.get(image) ?? { holders: 0, loaded: 'no', isKept: false };
    this.#held.set(image, holding);
    holding.holders += 1;
    let isOver = false;
    const release = (): void => {
      isOver = true;
      holding.holders -= 1;
      if (holding.holders === 0 && stays(holding)) this.#held.delete(image);
    };
    const hold: Hold = {
      keep: () => {
        if (isOver) return;
        holding.isKept = true;
        this.#remember(image);
        release();
      },
      abandon: async () => {
        if (isOver) return;
        release();
        if (holding.holders === 0 && !stays(holding)) await this.#discard(image, holding);
      },
    };
    try {
      await this.#turns.runExclusive(image, signal, () => Promise.resolve());
      return hold;
    } catch (error) {
      await hold.abandon();
      throw error;
    }
  }

  /** The engine got the image for those who hold it, surely or perhaps. */
  markLoaded(image: ImageReference, loaded: 'perhaps' | 'yes'): void {
    const holding = this.#held.get(image);
    if (holding !== undefined) holding.loaded = loaded;
  }

  /** @returns when somebody last had use for the image, in seconds since 1970; 0 when nobody has had. */
  lastKept(image: ImageReference): number {
    return this.#kept.get(image) ?? 0;
  }

  /**
   * Removes an image that nobody holds any more, unless it is held again, was kept or is gone when its removal has its
   * turn.
   */
  async #discard(image: ImageReference, holding: Holding): Promise<void> {
    await this.unlessHeld(image, undefined, async () => {
      if (this.#held.get(image) !== holding) return;
      this.#held.delete(image);
      await discardLastingImage(this.#engine, image, holding.loaded === 'perhaps', this.#logger);
    });
  }

  #remember(image: ImageReference): void {
    this.#kept.delete(image);
    this.#kept.set(image, Math.floor(Date.now() / 1000));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > longestMemory && oldest !== undefined) this.#kept.delete(oldest);
  }

  /**
   * Works on an image that nobody holds, such as to remove it; whoever comes meanwhile waits until that is done. Where
   * somebody holds it, nothing is done.
   *
   * @throws what the work fails with; the signal's reason when that aborts before it has begun.
   */
  async unlessHeld(
    image: ImageReference,
    signal: AbortSignal | undefined,
    work: () => Promise<void>,
  ): Promise<void> {
    await this.#turns.runExclusive(image, signal, async () => {
      if ((this.#held.get(image)?.holders ?? 0) === 0) await work();
    });
  }
}

/** Whether an image outlasts its last holder. */
function stays({ isKept, loaded }: Holding): boolean {
  return isKept || loaded === 'no';
}
