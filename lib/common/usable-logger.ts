import type { Logger } from '../../interfaces/index.js';
import { asPinoDetails, isPino } from './pino.js';
import { noOpLogger } from './no-op-logger.js';

type Level = keyof Logger;

/** The methods of a logger. One may be async, though its type says otherwise. */
type Methods<Args extends unknown[]> = Readonly<Record<Level, (...args: Args) => unknown>>;

/**
 * Prepares the logger of an option. A pino logger gets its arguments in pino's order. A logger that throws or rejects
 * fails nothing: its error becomes a warning of the process.
 *
 * @param given - default: a no-op.
 */
export function usableLogger(given: Logger | undefined): Logger {
  if (given === undefined) return noOpLogger;
  const plain: Methods<[message: string, details?: object]> = given;
  const call = (level: Level, message: string, details?: object): unknown => {
    if (isPino(given)) {
      const pino: Methods<[details: object, message: string]> = given;
      return pino[level](asPinoDetails(details), message);
    }
    return details === undefined ? plain[level](message) : plain[level](message, details);
  };
  const log = (level: Level, message: string, details?: object): void => {
    const onFailure = (error: unknown): void =>
      process.emitWarning(
        `The logger of nova-docker-driver threw on ${JSON.stringify(message)}: ${String(error)}`,
      );
    try {
      const logged = call(level, message, details);
      if (logged !== undefined) Promise.resolve(logged).catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  };
  return {
    debug: (message, details) => log('debug', message, details),
    info: (message, details) => log('info', message, details),
    warn: (message, details) => log('warn', message, details),
    error: (message, details) => log('error', message, details),
  };
}
