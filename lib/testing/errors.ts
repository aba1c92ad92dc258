/** A request that a replay could not answer. */
export interface UnmatchedRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  /** The request, the most similar recorded request and their differences. */
  readonly message: string;
}

/** A recorded exchange that was not requested. */
export interface UnusedExchange {
  readonly method: string;
  readonly path: string;
  /** The exchange's position, for example `exchange 3 of "spawn"`. */
  readonly place: string;
}

/** The client under test deviated from the recording. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly code = 'REPLAY_ERROR';
  readonly unmatched: readonly UnmatchedRequest[];
  readonly unused: readonly UnusedExchange[];

  constructor(unmatched: readonly UnmatchedRequest[], unused: readonly UnusedExchange[]) {
    const lines = [
      ...unmatched.map(({ message }) => message),
      ...unused.map(({ method, path, place }) => `${method} ${path} (${place}) was never asked.`),
    ];
    super(`The replay does not agree with its recording:\n${lines.join('\n')}`);
    this.unmatched = unmatched;
    this.unused = unused;
  }
}

/** A recording could not be started, or cannot be saved as a fixture. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code = 'RECORDING_ERROR';
}

/** A fixture cannot be read or is malformed; the `cause` is the reason. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
  readonly code = 'FIXTURE_ERROR';
}
