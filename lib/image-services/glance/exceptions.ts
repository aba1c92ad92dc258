import { NovaException } from '../../../interfaces/index.js';

/**
 * What was asked of the image service or of Keystone, for error messages: `GET /v2/images`. Without host, query and
 * headers.
 */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
}

/**
 * The image service, or Keystone, answered with an error that Nova has no exception for; also the cause of those that
 * it has.
 */
export class ImageServiceError extends NovaException {
  /** The HTTP status. */
  readonly status: number;
  readonly request: RequestLine;

  /** @param words - the service's own. */
  constructor(
    request: RequestLine,
    status: number,
    words: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(`${request.method} ${request.path}: ${words} (status ${status})`, options);
    this.status = status;
    // A request of ours holds its caller's token: no more than the line of it goes on.
    this.request = { method: request.method, path: request.path };
  }
}

/** The image service, or Keystone, answered something that its API does not allow for. */
export class ImageServiceProtocolError extends NovaException {}
