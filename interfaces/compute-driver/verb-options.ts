/** What every verb that may have to wait takes in its last argument. */
export interface VerbOptions {
  /** Aborts the verb: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
