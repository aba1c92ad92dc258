/** The options of every verb that may have to wait. */
export interface VerbOptions {
  /** Aborts the verb: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
