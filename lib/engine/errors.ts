import { DriverError } from '../../interfaces/index.js';
import { asError, codeOf, DeadlineExceeded } from '../streams/index.js';
import { engineWords } from './engine-words.js';

/** The request, for error messages. */
export interface RequestDescription {
  readonly method: string;
  /** Without the API version and the query. */
  readonly path: string;
}

/** Omits `cause: undefined`, which Node would print. */
const caused = (cause: unknown): ErrorOptions | undefined => (cause === undefined ? undefined : { cause });

/** Formats a request for error messages. */
export const described = (request: RequestDescription): string => `${request.method} ${request.path}`;

/** The engine refused: a status of 400 or above, or an error line in a stream that began with status 200. */
export class EngineError extends DriverError {
  override readonly name = 'EngineError';
  override readonly code = 'ENGINE_ERROR';
  /** The HTTP status; 200 for an error inside a successful stream. */
  readonly status: number;
  /** The engine's message, verbatim. */
  readonly engineMessage: string;
  readonly request: RequestDescription;
  /** Whether the error came inside a stream that began with status 200, such as a load or a log. */
  readonly inBand: boolean;

  constructor(
    request: RequestDescription,
    status: number,
    engineMessage: string,
    options: { inBand?: boolean; cause?: unknown } = {},
  ) {
    const { inBand = false, cause } = options;
    super(
      `${described(request)}: ${engineMessage} (${inBand ? 'in the answer' : `status ${status}`})`,
      caused(cause),
    );
    this.status = status;
    this.engineMessage = engineMessage;
    this.request = { method: request.method, path: request.path };
    this.inBand = inBand;
  }
}

/** The engine could not be reached, or the connection broke before the answer was complete. */
export class EngineUnreachable extends DriverError {
  override readonly name = 'EngineUnreachable';
  override readonly code = 'ENGINE_UNREACHABLE';
  readonly request: RequestDescription;
  /** Whether the engine may have received and executed the request. Always false for a GET. */
  readonly maybeDone: boolean;

  constructor(request: RequestDescription, why: string, options: { maybeDone: boolean; cause?: unknown }) {
    super(`${described(request)}: the engine cannot be reached: ${why}`, caused(options.cause));
    this.request = { method: request.method, path: request.path };
    this.maybeDone = options.maybeDone;
  }
}

/** A stream ended before it was complete. */
export class TruncatedStream extends DriverError {
  override readonly name = 'TruncatedStream';
  override readonly code = 'TRUNCATED_STREAM';

  /** @param what - the stream, and where it ended. */
  constructor(what: string, cause?: unknown) {
    super(what, caused(cause));
  }
}

/** The engine's answer violates its API. */
export class EngineProtocolError extends DriverError {
  override readonly name = 'EngineProtocolError';
  override readonly code = 'ENGINE_PROTOCOL_ERROR';

  /** @param what - the violation and the request. */
  constructor(what: string, cause?: unknown) {
    super(what, caused(cause));
  }
}

/** The engine and this client have no API version in common. */
export class EngineVersionUnsupported extends DriverError {
  override readonly name = 'EngineVersionUnsupported';
  override readonly code = 'ENGINE_VERSION_UNSUPPORTED';

  /**
   * @param engine - the engine's oldest and newest API version, and its own version.
   * @param supported - this client's oldest and newest API version.
   */
  constructor(
    readonly engine: { readonly minimum: string; readonly maximum: string; readonly version: string },
    readonly supported: { readonly minimum: string; readonly maximum: string },
  ) {
    super(
      `engine ${engine.version} speaks API ${engine.minimum} to ${engine.maximum}, ` +
        `this driver ${supported.minimum} to ${supported.maximum}`,
    );
  }
}

/** The error codes of a connection that broke while it was read. */
const breaks = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Maps a stream's error: TruncatedStream when the connection broke, otherwise the error itself.
 *
 * @param what - the stream, as a noun phrase.
 */
export const brokenOff = (error: unknown, what: string): Error => {
  const code = codeOf(error);
  if (code !== undefined && breaks.has(code)) return new TruncatedStream(`${what} broke off`, error);
  return asError(error);
};

const hasStatus = (error: unknown, status: number): error is EngineError =>
  error instanceof EngineError && !error.inBand && error.status === status;

/** Whether the requested object does not exist (404). */
export const isNotFound = (error: unknown): error is EngineError => hasStatus(error, 404);
/**
 * Awaits a request about an object that may not exist.
 *
 * @returns undefined when it does not exist (404).
 */
export async function undefinedIfNotFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
/** Whether the request conflicts with the object's state, or with a name in use (409). */
export const isConflict = (error: unknown): error is EngineError => hasStatus(error, 409);
/** Whether the engine refused the request as malformed or invalid (400). */
export const isBadRequest = (error: unknown): error is EngineError => hasStatus(error, 400);
/** Whether the engine could not be reached, or the connection broke before it answered. */
export const isUnreachable = (error: unknown): error is EngineUnreachable =>
  error instanceof EngineUnreachable;
/**
 * Whether the engine may have executed the request, or may still execute it, although no success was received: the
 * connection broke, the request timed out, or the answer was malformed.
 */
export const mayHaveSucceeded = (error: unknown): boolean =>
  isUnreachable(error)
    ? error.maybeDone
    : error instanceof DeadlineExceeded ||
      error instanceof TruncatedStream ||
      error instanceof EngineProtocolError;

/**
 * Whether the engine does not have the image. The status is ambiguous: creating a container that joins the network of a
 * missing container is a 404 too. The message decides.
 */
export const isNoSuchImage = (error: unknown): error is EngineError =>
  isNotFound(error) && engineWords.noSuchImage.test(error.engineMessage);
/**
 * Whether the engine does not have the container. The message distinguishes this 404 from a missing network or image.
 */
export const isNoSuchContainer = (error: unknown): error is EngineError =>
  isNotFound(error) && engineWords.noSuchContainer.test(error.engineMessage);
/** Whether a container's network does not exist. */
export const isNoSuchNetwork = (error: unknown): error is EngineError =>
  isNotFound(error) && engineWords.noSuchNetwork.test(error.engineMessage);
