import { NovaException } from '../../../interfaces/index.js';

/**
 * A request to the image service or to Keystone, for error messages: `GET /v2/images`. Without host, query and headers.
 */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
}

/**
 * The image service or Keystone answered with an error that Nova has no exception for. For errors with an exception in
 * Nova, it is the `cause` of that exception.
 */
export class ImageServiceError extends NovaException {
  override readonly name = 'ImageServiceError';
  override readonly code = 'IMAGE_SERVICE_ERROR';
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly request: RequestLine;

  /** @param words - the error message of the service. */
  constructor(
    request: RequestLine,
    status: number,
    words: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(`${request.method} ${request.path}: ${words} (status ${status})`, options);
    this.status = status;
    // Copies only method and path: the full request holds the caller's token.
    this.request = { method: request.method, path: request.path };
  }
}

/** The image service or Keystone sent an answer that violates its API. */
export class ImageServiceProtocolError extends NovaException {
  override readonly name = 'ImageServiceProtocolError';
  override readonly code = 'IMAGE_SERVICE_PROTOCOL_ERROR';
}
