/** Where the driver tells what it does. `console` and a pino logger both fit; called as `(message, details)`. */
export interface Logger {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}
