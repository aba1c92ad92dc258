import type { LifecycleEvent, Logger } from '../../interfaces/index.js';
import { type TransitionName, transitionNames } from './transition-name.js';

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
  open({ signal }: EventsOptions): AsyncIterableIterator<NamedLifecycleEvent, void, void> {
    const end = (): void => this.#end(stream);
    const stream = new EventStream(this.#logger, end);
    this.#streams.set(stream, () => signal?.removeEventListener('abort', end));
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    return stream;
  }

  publish(event: LifecycleEvent): void {
    for (const stream of this.#streams.keys())
      stream.push({ ...event, name: transitionNames[event.transition] });
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

type Step = IteratorResult<NamedLifecycleEvent, void>;

/**
 * The events that wait for one reader. Not a generator: its `return` would wait for a pending `next`, and would skip
 * `finally` before the first `next`.
 */
class EventStream implements AsyncIterableIterator<NamedLifecycleEvent, void, void> {
  readonly #logger: Logger;
  readonly #onLeave: () => void;
  readonly #waiting: NamedLifecycleEvent[] = [];
  /** The calls of `next` that wait for an event. There are none while events wait. */
  readonly #readers: ((step: Step) => void)[] = [];
  #isEnded = false;
  #isFull = false;

  /** @param onLeave - called when the reader leaves the iteration. It ends this stream. */
  constructor(logger: Logger, onLeave: () => void) {
    this.#logger = logger;
    this.#onLeave = onLeave;
  }

  /** Adds an event. If the reader is too slow, the oldest event is dropped. */
  push(event: NamedLifecycleEvent): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length > maxWaiting) this.#drop();
  }

  /** Ends the iteration after the events that wait. */
  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<Step> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<Step> {
    this.#waiting.length = 0;
    this.#onLeave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
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
