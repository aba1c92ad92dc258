import type { Logger } from '../../../interfaces/index.js';
import type { Engine, ImageReference } from '../../engine/index.js';
import { KeyedMutex } from '../../streams/index.js';
import { discardLastingImage } from './temporary-image.js';

/**
 * Number of images whose last use is remembered. A forgotten image may be removed too early while unused; it is then
 * loaded again.
 */
const maxRemembered = 1000;

/**
 * State of an image from its first hold until its last hold has ended, including the image's removal. A hold taken
 * before the removal joins this state.
 */
interface Holding {
  holders: number;
  /**
   * Whether the engine got the image from the driver during these holds; `perhaps` when the answer to the tag request
   * was lost.
   */
  loaded: 'no' | 'perhaps' | 'yes';
  /** Whether one of the holders booted from the image: it then stays, whatever the other holders do. */
  isKept: boolean;
}

/** One hold on an image. Only the first call of `keep` or `abandon` counts. */
export interface Hold {
  readonly keep: () => void;
  readonly abandon: () => Promise<void>;
}

/**
 * Reference counts of images that no container shows as used yet. A held image is never removed. An image that was
 * loaded for its holders is removed with the last hold, unless one of them kept it.
 */
export class ImageHolds {
  readonly #engine: Engine;
  readonly #logger: Logger;
  /** Serializes the removal of an image with new holds on it. */
  readonly #locks = new KeyedMutex();
  readonly #held = new Map<ImageReference, Holding>();
  /** When each image was last kept, in seconds since 1970; most recent last. */
  readonly #kept = new Map<ImageReference, number>();

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /**
   * Takes a hold on an image, whether or not the engine has it. Sends no request, but waits for a running removal of
   * the image.
   *
   * @throws the signal's reason when the signal aborts during the wait.
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
      await this.#locks.runExclusive(image, signal, () => Promise.resolve());
      return hold;
    } catch (error) {
      await hold.abandon();
      throw error;
    }
  }

  /** Records that the engine got the image for its current holders, certainly or perhaps. */
  markLoaded(image: ImageReference, loaded: 'perhaps' | 'yes'): void {
    const holding = this.#held.get(image);
    if (holding !== undefined) holding.loaded = loaded;
  }

  /** @returns when the image was last kept, in seconds since 1970; 0 if never. */
  lastKept(image: ImageReference): number {
    return this.#kept.get(image) ?? 0;
  }

  /**
   * Removes an image after its last hold, unless it was held again, kept or removed while this waited for its lock.
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
    if (this.#kept.size > maxRemembered && oldest !== undefined) this.#kept.delete(oldest);
  }

  /**
   * Runs work, for example a removal, on an image that has no holds; does nothing if it has one. New holds wait until
   * the work has ended.
   *
   * @throws the work's error, or the signal's reason when the signal aborts before the work starts.
   */
  async unlessHeld(
    image: ImageReference,
    signal: AbortSignal | undefined,
    work: () => Promise<void>,
  ): Promise<void> {
    await this.#locks.runExclusive(image, signal, async () => {
      if ((this.#held.get(image)?.holders ?? 0) === 0) await work();
    });
  }
}

/** Whether an image stays after its last hold. */
function stays({ isKept, loaded }: Holding): boolean {
  return isKept || loaded === 'no';
}
