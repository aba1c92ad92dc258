import type { Logger } from '../../../interfaces/index.js';

/**
 * An undo stack for the steps of a verb. Declare it with `await using`: when the block ends before {@link complete}, it
 * undoes the steps.
 */
export class Rollback implements AsyncDisposable {
  readonly #steps: { what: string; undo: () => Promise<unknown> }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Registers how to undo a step. Register it before the step starts, because a step that fails may have done a part of
   * its work.
   *
   * @param what - the step, as a noun phrase for the log.
   */
  push(what: string, undo: () => Promise<unknown>): void {
    this.#steps.push({ what, undo });
  }

  /** Forgets all steps: the verb has succeeded. */
  complete(): void {
    this.#steps.length = 0;
  }

  /**
   * Undoes all steps, last first. A failing undo is logged and does not stop the others: the caller must get the
   * original error, and `init_host` removes what is left.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        this.#logger.error(`could not roll back ${what}`, { error });
      }
    }
  }
}
