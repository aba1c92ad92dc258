import type { Logger } from '../../interfaces/index.js';

/** A pino logger: its details come first. */
type PinoLogger = Record<keyof Logger, (details: object, message: string) => void>;

/** A property that every pino logger has, also a child logger. */
const pinoSerializers = Symbol.for('pino.serializers');

/** Whether a logger is pino's, which takes `(details, message)`. */
export function isPino(logger: Logger | PinoLogger): logger is PinoLogger {
  return pinoSerializers in logger;
}

/** Moves `error` to `err`: pino serializes an error only under that name. */
export function asPinoDetails(details: object = {}): object {
  if (!('error' in details)) return details;
  const { error, ...rest } = details;
  return { ...rest, err: error };
}
