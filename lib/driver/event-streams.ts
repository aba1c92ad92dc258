import {
  lifecycle_event,
  type LifecycleEvent,
  type LifecycleTransition,
  type Logger,
} from '../../interfaces/index.js';

type TransitionName = keyof typeof lifecycle_event;

const names: Readonly<Record<LifecycleTransition, TransitionName>> = {
  [lifecycle_event.STARTED]: 'STARTED',
  [lifecycle_event.STOPPED]: 'STOPPED',
  [lifecycle_event.PAUSED]: 'PAUSED',
  [lifecycle_event.RESUMED]: 'RESUMED',
  [lifecycle_event.SUSPENDED]: 'SUSPENDED',
};

/** A lifecycle event with the name of its transition. */
export interface NamedLifecycleEvent extends LifecycleEvent {
  /** Nova's name of the transition: `STARTED`, `STOPPED`, `PAUSED`, `RESUMED` or `SUSPENDED`. */
  readonly name: TransitionName;
}

/** Options of `DockerDriver.events`. */
export interface EventsOptions {
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The maximum number of events that wait for a slow reader. */
const maxWaiting = 1000;

/** Passes each lifecycle event to all readers of `DockerDriver.events`. */
export class EventStreams {
  readonly #logger: Logger;
  /** The open streams, each with what removes its listener from the signal. */
  readonly #streams = new Map<EventStream, () => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Starts to collect events at once, and returns them one by one. */
  open({ signal }: EventsOptions): AsyncGenerator<NamedLifecycleEvent, void, void> {
    const stream = new EventStream(this.#logger);
    const end = (): void => this.#end(stream);
    this.#streams.set(stream, () => signal?.removeEventListener('abort', end));
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    return stream.events(end);
  }

  publish(event: LifecycleEvent): void {
    for (const stream of this.#streams.keys()) stream.push({ ...event, name: names[event.transition] });
  }

  /** Ends all iterations after the events that wait. */
  endAll(): void {
    for (const stream of this.#streams.keys()) this.#end(stream);
  }

  #end(stream: EventStream): void {
    this.#streams.get(stream)?.();
    this.#streams.delete(stream);
    stream.end();
  }
}

/** The events that wait for one reader. */
class EventStream {
  readonly #logger: Logger;
  readonly #waiting: NamedLifecycleEvent[] = [];
  #isEnded = false;
  #isFull = false;
  #wake: () => void = () => undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds an event. If the reader is too slow, the oldest event is dropped. */
  push(event: NamedLifecycleEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > maxWaiting) this.#drop();
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** @param onEnd - called when the reader leaves the iteration, or the iteration ends. */
  async *events(onEnd: () => void): AsyncGenerator<NamedLifecycleEvent, void, void> {
    try {
      for (;;) {
        const event = this.#waiting.shift();
        if (event !== undefined) yield event;
        else if (this.#isEnded) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      onEnd();
    }
  }

  #drop(): void {
    const event = this.#waiting.shift();
    if (!this.#isFull)
      this.#logger.warn(
        `a reader of events() is more than ${maxWaiting} events behind: the oldest are dropped`,
        {
          event,
        },
      );
    // Warns once for each reader: a reader this slow would fill the log.
    this.#isFull = true;
  }
}
