/** What a long piece of work is doing. */
export type ProgressPhase =
  /** The image service gives an image's data. */
  | 'downloading'
  /** The engine unpacks an image's layers; those that it has already cost nothing and are not counted. */
  | 'loading'
  /** A container is started. Moves no bytes. */
  | 'starting'
  /** An instance is committed as an image of its engine. Moves no bytes. */
  | 'committing'
  /** The image service, or a registry, takes an image's data. */
  | 'uploading'
  /** An instance's files are read to learn how many bytes they are. */
  | 'measuring'
  /** An instance's files go to another container, or to another engine. */
  | 'transferring'
  /** A registry gives an image, to the engine or to the image service. */
  | 'pulling'
  /** The engine builds an image: its bytes are those of the context that was sent. */
  | 'building';

/**
 * One report of progress. Within a phase the bytes never become fewer. A phase that has moved bytes ends with a report
 * whose `total` equals `bytes`, also when the total was not known before; it has no `layer`. A phase may come again, as
 * when an image is fetched after the one that it lies above; it then begins at 0.
 */
export interface Progress {
  readonly phase: ProgressPhase;
  /** Bytes moved in this phase so far, of all layers; 0 where the phase moves none. */
  readonly bytes: number;
  /** Bytes this phase will move, where that is known; it may change when more becomes known. */
  readonly total?: number;
  /**
   * The layer that the latest bytes belong to: its digest (`sha256:…`) where that is known, else what the engine or the
   * archive call it, in printable ASCII and 80 characters at most. While the engine builds, the step that runs: `2/7`.
   * Left out where bytes belong to no layer, or it cannot be told.
   */
  readonly layer?: string;
  /** Bytes per second in the last three seconds. Left out where no bytes move, and in a phase's first moments. */
  readonly rate?: number;
}

/**
 * Told about progress: of every phase the beginning, of one that moves bytes the end, too, in between several times a
 * second at most. Where an engine does not say how far it is with an archive (a root file system, layers that it has,
 * containerd's store), `loading` moves none. It must not throw; it is never awaited.
 */
export type OnProgress = (progress: Progress) => void;

/** Options of every verb that takes long: abort it, follow it. */
export interface LongRunningOptions {
  /** Aborts the work; what was done is undone, and the verb rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told about progress. */
  readonly onProgress?: OnProgress | undefined;
}
