/** A request that a replay could not answer. */
export interface UnmatchedRequest {
  readonly method: string;
  /** Path and query, as asked. */
  readonly path: string;
  /** What was asked, what was nearest in the recording and where the two differ. */
  readonly message: string;
}

/** A recorded exchange that nobody asked for. */
export interface UnusedExchange {
  readonly method: string;
  readonly path: string;
  /** Where the exchange stands, for example `exchange 3 of "spawn"`. */
  readonly place: string;
}

/** The client under test and the recording do not agree. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
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

/** A recording cannot be started, or cannot be kept as a fixture. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** A fixture cannot be read or does not have the format of one; the reason is the `cause`. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
}
