import type { Logger } from '../../interfaces/index.js';

/** A logger that nobody listens to. */
export const noOpLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
