/** What a long piece of work is doing. */
export type ProgressPhase =
  | 'downloading'
  | 'loading'
  | 'starting'
  | 'committing'
  | 'uploading'
  | 'measuring'
  | 'transferring'
  | 'pulling'
  | 'building';

/** One report of progress. */
export interface Progress {
  readonly phase: ProgressPhase;
  /** Bytes moved in this phase so far; 0 where the phase moves none. */
  readonly bytes: number;
  /** Bytes this phase will move, where that is known beforehand. */
  readonly total?: number;
  /** The layer that the bytes belong to, or the step of a build that runs, where they are counted so. */
  readonly layer?: string;
}

/** Told about progress, several times a second at most. It must not throw; it is never awaited. */
export type OnProgress = (progress: Progress) => void;

/** Options of every verb that takes long: abort it, follow it. */
export interface LongRunningOptions {
  /** Aborts the work; what was done is undone, and the verb rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told about progress. */
  readonly onProgress?: OnProgress | undefined;
}
