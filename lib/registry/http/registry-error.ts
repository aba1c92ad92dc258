import { DriverError } from '../../../interfaces/index.js';

/** The error codes of the OCI distribution specification, with the HTTP status that each is answered with. */
const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  RANGE_INVALID: 416,
  SIZE_INVALID: 413,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNAVAILABLE: 503,
  UNSUPPORTED: 405,
} as const;

/** A code of the OCI distribution specification; RANGE_INVALID and UNAVAILABLE are ours. */
export type RegistryErrorCode = keyof typeof statuses;

/** A request of a registry's client that is refused. */
export class RegistryError extends DriverError {
  override readonly name = 'RegistryError';
  override readonly code = 'REGISTRY_ERROR';
  readonly status: number;

  /**
   * @param registryCode - tells clients what is wrong.
   * @param message - tells people what is wrong and what to do.
   */
  constructor(
    readonly registryCode: RegistryErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = statuses[registryCode];
  }
}
