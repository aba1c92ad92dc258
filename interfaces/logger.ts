/**
 * A logger, called as `(message, details)`. `console` fits, and so does a pino logger: the driver recognizes it and
 * calls it as `(details, message)`, with `error` renamed to pino's `err`.
 */
export interface Logger {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}
