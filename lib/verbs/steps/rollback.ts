import type { Logger } from '../../../interfaces/index.js';

/** What has to be undone when a later step fails. */
export class Rollback {
  readonly #steps: { what: string; undo: () => Promise<unknown> }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Remembers how to undo a step.
   *
   * @param what - the step, as a noun phrase for the log.
   */
  push(what: string, undo: () => Promise<unknown>): void {
    this.#steps.push({ what, undo });
  }

  /**
   * Undoes all steps, last first. A step that cannot be undone is logged and does not keep the others from it: the
   * failure that led here is the one the caller must hear of, and `init_host` finds what is left.
   */
  async run(): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        this.#logger.error(`could not undo: ${what}`, { error });
      }
    }
  }
}

/** Does something in steps. When one of them fails, those that were done are undone. */
export async function withRollback<T>(logger: Logger, work: (undo: Rollback) => Promise<T>): Promise<T> {
  const undo = new Rollback(logger);
  try {
    return await work(undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}
