import type { Logger } from '../../interfaces/index.js';
import { asPinoDetails, isPino } from './pino.js';
import { noOpLogger } from './no-op-logger.js';

type Level = keyof Logger;

/**
 * Prepares the logger of an option. A pino logger gets its arguments in pino's order. A logger that throws fails nothing:
 * its error becomes a warning of the process.
 *
 * @param given - default: a no-op.
 */
export function usableLogger(given: Logger | undefined): Logger {
  if (given === undefined) return noOpLogger;
  const log = (level: Level, message: string, details?: object): void => {
    try {
      if (isPino(given)) given[level](asPinoDetails(details), message);
      else if (details === undefined) given[level](message);
      else given[level](message, details);
    } catch (error) {
      process.emitWarning(
        `The logger of nova-docker-driver threw on ${JSON.stringify(message)}: ${String(error)}`,
      );
    }
  };
  return {
    debug: (message, details) => log('debug', message, details),
    info: (message, details) => log('info', message, details),
    warn: (message, details) => log('warn', message, details),
    error: (message, details) => log('error', message, details),
  };
}
