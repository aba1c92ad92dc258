import { withoutValues } from '../common/index.js';
import type { RegistryCredentials } from './credentials.js';
import { EngineError, type RequestDescription } from './errors.js';

/** The error fields of a progress line. */
interface InBandFailure {
  readonly error?: string | undefined;
  readonly errorDetail?: { readonly message?: string | undefined } | null | undefined;
}

/**
 * Throws when a line of a stream with status 200 reports an error.
 *
 * @throws EngineError with `inBand`.
 */
export function throwInBand(request: RequestDescription, line: InBandFailure): void {
  const message = line.errorDetail?.message ?? line.error;
  if (message !== undefined) throw new EngineError(request, 200, message, { inBand: true });
}

/**
 * Redacts secrets in the error of a stream. An engine may quote a request's secrets in its message (20.10 to 28.5:
 * build arguments in the failed step).
 *
 * @throws EngineError without the secrets.
 */
export async function* hidingSecrets<T>(
  lines: AsyncIterable<T>,
  secrets: readonly string[],
): AsyncGenerator<T, void, void> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { request, status, engineMessage, inBand } = error;
    throw new EngineError(request, status, withoutValues(engineMessage, secrets), { inBand });
  }
}

/** The secrets in registry credentials. */
export const secretsOf = (credentials: readonly (RegistryCredentials | undefined)[]): string[] =>
  credentials.flatMap((each) => (each === undefined ? [] : [each.password]));
