/** A request that a replayer or a proxy received. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
}
