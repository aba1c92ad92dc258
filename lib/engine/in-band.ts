import { withoutValues } from '../common/index.js';
import type { RegistryCredentials } from './credentials.js';
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

/**
 * Passes on lines of a call that secrets went along with. An engine may repeat them in its words (20.10 to 28.5: build
 * arguments in the step that failed).
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

/** What must not be shown of who somebody is to a registry. */
export const secretsOf = (credentials: readonly (RegistryCredentials | undefined)[]): string[] =>
  credentials.flatMap((each) => (each === undefined ? [] : [each.password]));
