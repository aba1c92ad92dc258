import {
  ImageDeleteConflict,
  ImageNotActive,
  ImageNotAuthorized,
  ImageNotFound,
  ImageQuotaExceeded,
  ImageUnacceptable,
  InvalidInput,
  type Logger,
} from '../../../interfaces/index.js';
import { DeadlineExceeded } from '../../streams/index.js';
import { type Answer, RegistryError, type RegistryErrorCode } from '../http/index.js';

/** What an error of the image service or of the archives means to a client. */
const codes: readonly (readonly [abstract new (...args: never[]) => Error, RegistryErrorCode])[] = [
  [ImageNotAuthorized, 'DENIED'],
  [ImageNotFound, 'MANIFEST_UNKNOWN'],
  [ImageNotActive, 'MANIFEST_UNKNOWN'],
  [ImageUnacceptable, 'MANIFEST_INVALID'],
  [ImageDeleteConflict, 'DENIED'],
  [ImageQuotaExceeded, 'DENIED'],
  [InvalidInput, 'MANIFEST_INVALID'],
  [DeadlineExceeded, 'UNAVAILABLE'],
];

/**
 * Converts an error to an answer. An unknown error is logged, and clients see only that the registry failed: its message
 * may be about another project's data.
 */
export function errorToAnswer(error: unknown, request: string, logger: Logger): Answer {
  const refusal = asRegistryError(error);
  if (refusal !== undefined) return answerOf(refusal);
  logger.error(`The registry failed: ${request}`, { error });
  return answerOf(new RegistryError('UNAVAILABLE', 'The image service or the registry failed. Try again.'));
}

function asRegistryError(error: unknown): RegistryError | undefined {
  if (error instanceof RegistryError) return error;
  const [, code] = codes.find(([type]) => error instanceof type) ?? [];
  return code === undefined || !(error instanceof Error)
    ? undefined
    : new RegistryError(code, error.message, { cause: error });
}

function answerOf({ registryCode, message, status }: RegistryError): Answer {
  const body = Buffer.from(JSON.stringify({ errors: [{ code: registryCode, message }] }));
  return { status, headers: { 'Content-Type': 'application/json' }, body };
}
