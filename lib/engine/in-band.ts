import { EngineError, type RequestDescription } from './errors.js';

/** The part of a progress line that tells of a failure. */
interface InBandFailure {
  readonly error?: string | undefined;
  readonly errorDetail?: { readonly message?: string | undefined } | null | undefined;
}

/**
 * Throws where a line of an answer that began as a success (status 200) tells of a failure.
 *
 * @throws EngineError with `inBand`.
 */
export function throwInBand(request: RequestDescription, line: InBandFailure): void {
  const message = line.errorDetail?.message ?? line.error;
  if (message !== undefined) throw new EngineError(request, 200, message, { inBand: true });
}
