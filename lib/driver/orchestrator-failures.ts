import { NovaException } from '../../interfaces/index.js';

/**
 * The orchestrator's own failures: what those of its functions fail with that a verb calls. That is not the driver's to
 * explain, and reaches the caller as it was thrown.
 */
export class OrchestratorFailures {
  readonly #failures: unknown[] = [];

  /** Calls one of its functions, and remembers what that fails with. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failures.push(error);
      throw error;
    }
  }

  /** Runs the verb. A failure that is one of these it throws as it was, and not as the exception that it has become. */
  async asThrown<T>(verb: () => Promise<T>): Promise<T> {
    try {
      return await verb();
    } catch (error) {
      throw error instanceof NovaException && this.#failures.includes(error.cause) ? error.cause : error;
    }
  }
}
