import type { Logger } from '../../../interfaces/index.js';
import { type Engine, untilSettled } from '../../engine/index.js';

/** What {@link Rollback} needs of a compute node. */
interface RollbackEnvironment {
  readonly engine: Pick<Engine, 'closed'>;
  readonly logger: Logger;
}

interface Step {
  readonly what: string;
  readonly undo: () => Promise<unknown>;
  readonly keep: (() => void) | undefined;
  readonly isRestore: boolean;
}

/** How long a rollback waits for an engine that does not answer, and the interval between attempts, in milliseconds. */
const timeoutMs = 60_000;
const intervalMs = 500;

/**
 * An undo stack for the steps of a verb. Declare it with `await using`: when the block ends before {@link complete}, it
 * undoes the steps. A verb that must know whether all was undone calls {@link undo}.
 */
export class Rollback implements AsyncDisposable {
  readonly #steps: Step[] = [];
  readonly #environment: RollbackEnvironment;
  readonly #uuid: string;

  /** @param uuid - the verb's instance, for the log. */
  constructor(environment: RollbackEnvironment, uuid: string) {
    this.#environment = environment;
    this.#uuid = uuid;
  }

  /**
   * Registers how to undo a step. Register it before the step starts, because a step that fails may have done a part of
   * its work.
   *
   * @param what - the step, as a noun phrase for the log.
   * @param keep - what the step needs once the verb has succeeded.
   */
  push(what: string, undo: () => Promise<unknown>, keep?: () => void): void {
    this.#steps.push({ what, undo, keep, isRestore: false });
  }

  /**
   * Registers an undo without which an instance stays off. While the engine does not answer, this rollback then repeats
   * its undos for up to a minute, so each must be repeatable.
   */
  pushRestore(what: string, undo: () => Promise<unknown>): void {
    this.#steps.push({ what, undo, keep: undefined, isRestore: true });
  }

  /** Keeps what the steps made and forgets them: the verb has succeeded. */
  complete(): void {
    for (const { keep } of this.#steps.splice(0)) keep?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo();
  }

  /**
   * Undoes all steps, last first. A failing undo is logged and does not stop the others: the caller must get the
   * original error, and `init_host` removes what is left.
   *
   * @returns whether every undo succeeded.
   */
  async undo(): Promise<boolean> {
    const { engine, logger } = this.#environment;
    const steps = this.#steps.splice(0).reverse();
    // A restore may need what is undone before it: the new container must give up the instance's name.
    const end = performance.now() + (steps.some(({ isRestore }) => isRestore) ? timeoutMs : 0);
    let isUndone = true;
    for (const { what, undo } of steps) {
      const remaining = { timeoutMs: end - performance.now(), intervalMs };
      try {
        await untilSettled(engine, remaining, async () => {
          await undo();
          return true;
        });
      } catch (error) {
        isUndone = false;
        logger.error(`could not roll back ${what}`, { instance: this.#uuid, error });
      }
    }
    return isUndone;
  }
}
