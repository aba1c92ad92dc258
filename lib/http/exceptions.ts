import { NovaException, type NovaExceptionOptions } from '../../interfaces/index.js';

/** Where an image was to come from, or go to, cannot be used: a server, a registry, an engine that builds or pulls. */
export class ImageSourceError extends NovaException {
  /** The HTTP status that a server answered with. */
  readonly status: number | undefined;

  constructor(message: string, options: NovaExceptionOptions & { readonly status?: number } = {}) {
    const { status, ...rest } = options;
    super(message, rest);
    this.status = status;
  }
}

/**
 * A connection could not be made, or broke. It takes the place of axios's own error, which holds the request's headers
 * and so credentials: no secret may get into a log through a `cause`.
 */
export class ConnectionBroken extends Error {
  override readonly name = 'ConnectionBroken';

  /**
   * @param code - of Node's error: `ECONNREFUSED`, `ECONNRESET`, …
   * @param unsent - nothing of the request can have arrived.
   */
  constructor(
    message: string,
    readonly code: string | undefined,
    readonly unsent: boolean,
  ) {
    super(message);
  }
}
