import type { Logger } from '../../../interfaces/index.js';

/** An undo stack: the steps to undo when a later step fails. */
export class Rollback {
  readonly #steps: { what: string; undo: () => Promise<unknown> }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Registers how to undo a step.
   *
   * @param what - the step, as a noun phrase for the log.
   */
  push(what: string, undo: () => Promise<unknown>): void {
    this.#steps.push({ what, undo });
  }

  /**
   * Undoes all steps, last first. A failing undo is logged and does not stop the others: the caller must get the
   * original error, and `init_host` removes what is left.
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

/** Runs work with an undo stack. On failure, runs the stack and rethrows the error. */
export async function withRollback<T>(logger: Logger, work: (undo: Rollback) => Promise<T>): Promise<T> {
  const undo = new Rollback(logger);
  try {
    return await work(undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}
