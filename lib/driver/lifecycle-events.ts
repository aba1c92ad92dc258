import PQueue from 'p-queue';
import { z } from 'zod';
import type { LifecycleEvent, LifecycleEventListener, Logger } from '../../interfaces/index.js';
import { InvalidInput, lifecycle_event } from '../../interfaces/index.js';

const lifecycleEvent = z.object({
  uuid: z.string(),
  transition: z.enum(lifecycle_event),
  timestamp: z.number(),
});

/**
 * The listener of the orchestrator, and the events that wait for it. Nova: `register_event_listener` and `emit_event` of
 * `ComputeDriver`.
 */
export class LifecycleEvents {
  readonly #logger: Logger;
  /** One event at a time: a slow listener gets events in order and delays nothing else. */
  readonly #waiting = new PQueue({ concurrency: 1 });
  #listener: LifecycleEventListener | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  register(listener: LifecycleEventListener): void {
    this.#listener = listener;
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
   * Passes an event to the listener. Without a listener the event is dropped; a listener that throws is logged.
   *
   * @throws InvalidInput when it is not a lifecycle event.
   */
  async emit(event: LifecycleEvent): Promise<void> {
    if (this.#listener === undefined) {
      this.#logger.debug('no listener is registered: the event was dropped', { event });
      return;
    }
    const checked = lifecycleEvent.safeParse(event);
    if (!checked.success)
      throw new InvalidInput('emit_event was called without a lifecycle event', { cause: checked.error });
    try {
      await this.#listener(event);
    } catch (error) {
      this.#logger.error('the event listener threw', { event, error });
    }
  }
}
