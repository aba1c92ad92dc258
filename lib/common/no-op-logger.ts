import type { Logger } from '../../interfaces/index.js';

/** The default logger: a no-op. */
export const noOpLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
