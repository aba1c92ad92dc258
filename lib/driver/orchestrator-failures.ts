import { isNovaException } from '../../interfaces/index.js';

/**
 * Records the errors of the orchestrator's functions that a verb calls. They are not the driver's errors, so they reach
 * the caller unconverted.
 */
export class OrchestratorFailures {
  readonly #failures: unknown[] = [];

  /** Calls a function of the orchestrator and records its error. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(error);
      throw error;
    }
  }

  /**
   * Runs the verb. If its error was caused by a recorded error, throws the recorded one instead of the exception that
   * it was converted to.
   */
  async asThrown<T>(verb: () => Promise<T>): Promise<T> {
    try {
      return await verb();
    } catch (error) {
      throw isNovaException(error) && this.#failures.includes(error.cause) ? error.cause : error;
    }
  }
}
