/** A request that came to a replayer or a proxy. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as asked. */
  readonly path: string;
}
