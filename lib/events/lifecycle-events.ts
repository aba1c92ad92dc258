import PQueue from 'p-queue';
import { z } from 'zod';
import type { LifecycleEvent, LifecycleEventListener, Logger } from '../../interfaces/index.js';
import { InvalidInput, lifecycle_event } from '../../interfaces/index.js';
import { callback } from '../common/index.js';
import { transitionNames } from './transition-name.js';

const listenerOrNone = callback.nullish();
const lifecycleEvent = z.object({
  uuid: z.string(),
  transition: z.enum(lifecycle_event),
  timestamp: z.number(),
});

/**
 * The listener of the orchestrator, and the events that wait for it. Nova: `register_event_listener` and `emit_event`
 * of `ComputeDriver`.
 */
export class LifecycleEvents {
  readonly #logger: Logger;
  /** One event at a time: a slow listener gets events in order and delays nothing else. */
  readonly #waiting = new PQueue({ concurrency: 1 });
  #listener: LifecycleEventListener | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Sets the listener before it returns. None removes it: Nova's compute manager passes None when it shuts down.
   *
   * @throws InvalidInput when it is no function.
   */
  register(listener: LifecycleEventListener | null | undefined): Promise<void> {
    const checked = listenerOrNone.safeParse(listener);
    if (!checked.success)
      return Promise.reject(
        new InvalidInput(
          'The listener of register_event_listener must be a function, or null to have no listener',
          { cause: checked.error },
        ),
      );
    this.#listener = listener ?? undefined;
    return Promise.resolve();
  }

  /** Runs `emit` after the events before it. */
  async queue(emit: () => Promise<void>): Promise<void> {
    await this.#waiting.add(emit);
  }

  /** Drops the events that wait. It does not wait for the listener, which may be what calls this. */
  clear(): void {
    this.#waiting.clear();
  }

  /**
   * Passes an event to the listener. No-op without a listener; a listener that throws is logged.
   *
   * @throws InvalidInput when it is not a lifecycle event.
   */
  async emit(event: LifecycleEvent): Promise<void> {
    const checked = lifecycleEvent.safeParse(event);
    if (!checked.success)
      throw new InvalidInput('emit_event was called without a lifecycle event', { cause: checked.error });
    const details = { instance: event.uuid, transition: transitionNames[event.transition] };
    if (this.#listener === undefined) {
      this.#logger.debug('no listener is registered for lifecycle events', details);
      return;
    }
    try {
      await this.#listener(event);
    } catch (error) {
      this.#logger.error('the event listener threw', { ...details, error });
    }
  }
}
