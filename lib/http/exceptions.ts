import { DriverError, NovaException, type NovaExceptionOptions } from '../../interfaces/index.js';

/** The source or destination of an image cannot be used: a server, a registry, or an engine that builds or pulls. */
export class ImageSourceError extends NovaException {
  override readonly name = 'ImageSourceError';
  override readonly code = 'IMAGE_SOURCE_ERROR';
  /** The HTTP status of the server's answer; undefined without an answer. */
  readonly status: number | undefined;

  constructor(message: string, options: NovaExceptionOptions & { readonly status?: number } = {}) {
    const { status, ...rest } = options;
    super(message, rest);
    this.status = status;
  }
}

/**
 * A connection could not be made, or broke. Replaces axios's error, which holds the request's headers and with them
 * credentials: a `cause` must not put a secret into a log.
 */
export class ConnectionBroken extends DriverError {
  override readonly name = 'ConnectionBroken';
  override readonly code = 'CONNECTION_BROKEN';

  /**
   * @param systemCode - of Node's error: `ECONNREFUSED`, `ECONNRESET`, …
   * @param unsent - true if the server cannot have received any part of the request.
   */
  constructor(
    message: string,
    readonly systemCode: string | undefined,
    readonly unsent: boolean,
  ) {
    super(message);
  }
}
