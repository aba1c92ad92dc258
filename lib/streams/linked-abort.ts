/**
 * An abort of one's own that a parent's brings about, too. Its owner must {@link LinkedAbort.unlink} it, else the
 * listener stays: what `AbortSignal.any` makes is let go by itself, but in Node 20.20 never while the parent lives, once
 * somebody has listened to it.
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #onParentAbort = (): void => {
    this.#controller.abort(this.#parent?.reason);
  };

  /** @param parent - may have aborted already. */
  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
    if (parent?.aborted === true) this.#onParentAbort();
    else parent?.addEventListener('abort', this.#onParentAbort, { once: true });
  }

  /** Aborts with the parent and its reason, or with {@link LinkedAbort.abort}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts, where the parent has not. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** From now on the parent has no part in it. */
  unlink(): void {
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }
}
