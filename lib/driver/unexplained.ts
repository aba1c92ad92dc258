import { NovaException } from '../../interfaces/index.js';

/**
 * What functions of the orchestrator fail with, which a verb calls: that is not the driver's to explain, and reaches
 * the caller as it was thrown.
 */
export class Unexplained {
  readonly #failures: unknown[] = [];

  /** Calls such a function, and remembers what it fails with. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(error);
      throw error;
    }
  }

  /**
   * Runs the verb. What it was told by one of the functions it throws as it was, and not as the exception that it has
   * become.
   */
  async within<T>(verb: () => Promise<T>): Promise<T> {
    try {
      return await verb();
    } catch (error) {
      throw error instanceof NovaException && this.#failures.includes(error.cause) ? error.cause : error;
    }
  }
}
