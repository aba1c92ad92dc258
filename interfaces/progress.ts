/** The current step of a long operation. */
export type ProgressPhase =
  /** The image service sends an image's data. */
  | 'downloading'
  /** The engine unpacks an image's layers. Layers that it already has cost nothing and are not counted. */
  | 'loading'
  /**
   * The engine has the whole image and does not say how far it is with unpacking it. Moves no bytes, and is reported
   * every two seconds until the engine says more.
   */
  | 'waiting'
  /** The engine starts a container. Moves no bytes. */
  | 'starting'
  /** The engine commits an instance as an image. Moves no bytes. */
  | 'committing'
  /** The image service or a registry receives an image's data. */
  | 'uploading'
  /** The driver reads an instance's files to measure their size. */
  | 'measuring'
  /** An instance's files move to another container or to another engine. */
  | 'transferring'
  /** A registry sends an image to the engine or to the image service. */
  | 'pulling'
  /** The engine builds an image. The bytes are those of the build context sent to it. */
  | 'building';

/**
 * A progress report. Within a phase the bytes never decrease. A phase that moves bytes ends with a report whose `total`
 * equals `bytes`, even if the total was unknown before; this report has no `layer`. A phase may occur again, for
 * example when a delta image is fetched after its base image. It then starts at 0.
 */
export interface Progress {
  readonly phase: ProgressPhase;
  /** Bytes moved in this phase so far, over all layers; 0 if the phase moves none. */
  readonly bytes: number;
  /** Expected total of this phase in bytes, if known. It may change during the phase. */
  readonly total?: number;
  /**
   * The layer of the latest bytes: its digest (`sha256:…`) if known, else the name that the engine or the archive gives
   * it, in printable ASCII and at most 80 characters. During a build, the current step: `2/7`. Absent if the bytes
   * belong to no layer or the layer is unknown.
   */
  readonly layer?: string;
  /** Bytes per second over the last three seconds. Absent if no bytes move, and in the first moments of a phase. */
  readonly rate?: number;
}

/**
 * A listener for progress reports. It is called at the start of every phase, at the end of every phase that moves
 * bytes, and up to several times a second in between. `loading` moves no bytes if the engine does not report how far it
 * is with an archive (a root file system, layers that the engine already has, containerd's image store); then `waiting`
 * follows every two seconds. The listener is not awaited, and its errors are logged.
 */
export type OnProgress = (progress: Progress) => void;

/** Options of every long operation: abort it, follow its progress. */
export interface LongRunningOptions {
  /** Aborts the operation. It then rolls back and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Receives progress reports. */
  readonly onProgress?: OnProgress | undefined;
}
