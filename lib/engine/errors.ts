import { asError, codeOf, DeadlineExceeded } from '../streams/index.js';

/** What was asked of the engine, for error messages. */
export interface RequestDescription {
  readonly method: string;
  /** Without the API version and the query. */
  readonly path: string;
}

/** An error without a cause shall not print one. */
const caused = (cause: unknown): ErrorOptions | undefined => (cause === undefined ? undefined : { cause });

/** A request as error messages name it. */
export const described = (request: RequestDescription): string => `${request.method} ${request.path}`;

/** The engine said no: an answer of 400 and above, or an error line inside an answer that began as a success. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** The HTTP status; 200 for an error inside an answer that began as a success. */
  readonly status: number;
  /** The engine's own words. */
  readonly engineMessage: string;
  readonly request: RequestDescription;
  /** The error came inside an answer that began as a success: a load, a log. */
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

/** The engine could not be reached, or the connection broke before its answer was complete. */
export class EngineUnreachable extends Error {
  override readonly name = 'EngineUnreachable';
  readonly request: RequestDescription;
  /** The request may have got through: what it asked for may have been done all the same. Never true of a question. */
  readonly maybeDone: boolean;

  constructor(request: RequestDescription, why: string, options: { maybeDone: boolean; cause?: unknown }) {
    super(`${described(request)}: the engine cannot be reached: ${why}`, caused(options.cause));
    this.request = { method: request.method, path: request.path };
    this.maybeDone = options.maybeDone;
  }
}

/** A stream ended before it was complete. */
export class TruncatedStream extends Error {
  override readonly name = 'TruncatedStream';

  /** @param what - which stream, and where it ended. */
  constructor(what: string, cause?: unknown) {
    super(what, caused(cause));
  }
}

/** The engine answered something that its API does not allow for. */
export class EngineProtocolError extends Error {
  override readonly name = 'EngineProtocolError';

  /** @param what - what was wrong, and in which answer. */
  constructor(what: string, cause?: unknown) {
    super(what, caused(cause));
  }
}

/** The engine's API versions and ours do not overlap. */
export class EngineVersionUnsupported extends Error {
  override readonly name = 'EngineVersionUnsupported';

  /**
   * @param engine - the oldest and newest API version that the engine speaks, and its own version.
   * @param supported - the oldest and newest API version that this client speaks.
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

/** The codes of a connection that ended under its reader. */
const breaks = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Names the failure of a stream: TruncatedStream when its connection broke, else as it is.
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

/** What was asked about does not exist (404). */
export const isNotFound = (error: unknown): error is EngineError => hasStatus(error, 404);
/**
 * What the engine tells of something that need not be there.
 *
 * @returns undefined when it is not (404).
 */
export async function undefinedIfNotFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
/** What was asked for clashes with the state of things or with a name that is taken (409). */
export const isConflict = (error: unknown): error is EngineError => hasStatus(error, 409);
/** The engine did not understand or refused what it was given (400). */
export const isBadRequest = (error: unknown): error is EngineError => hasStatus(error, 400);
/** The engine could not be reached, or the connection broke before it answered. */
export const isUnreachable = (error: unknown): error is EngineUnreachable =>
  error instanceof EngineUnreachable;
/**
 * The engine may have done, or may still do, what it was asked for, although the one who asked heard of no success: the
 * connection broke, or the answer took too long or could not be read.
 */
export const mayHaveSucceeded = (error: unknown): boolean =>
  isUnreachable(error)
    ? error.maybeDone
    : error instanceof DeadlineExceeded ||
      error instanceof TruncatedStream ||
      error instanceof EngineProtocolError;

/**
 * The engine has no such image. The status alone does not tell: creating a container that joins another one's network
 * is also answered with 404 when that container is missing, so the words decide ("No such image: …" in 20.10 as in
 * 28.5).
 */
export const isNoSuchImage = (error: unknown): error is EngineError =>
  isNotFound(error) && /no such image/i.test(error.engineMessage);
/** A container is to be in a network that is not there ("network … not found", 20.10 to 28.5). */
export const isNoSuchNetwork = (error: unknown): error is EngineError =>
  isNotFound(error) && /network \S+ not found/i.test(error.engineMessage);
