/** The logger of the driver, called as `(message, details)`. `console` and a pino logger both fit. */
export interface Logger {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}
