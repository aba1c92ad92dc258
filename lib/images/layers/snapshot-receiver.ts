import type { Readable } from 'node:stream';
import type { ImageManifest } from '../../archives/index.js';

/** Receives snapshots that the engine pushes. Implemented by the driver's registry. */
export interface SnapshotReceiver {
  /** `host:port` by which the engine reaches it; undefined if the engine cannot. */
  readonly engineAddress: string | undefined;
  /**
   * Begins to receive one snapshot. The caller disposes the reception, which removes what was received.
   *
   * @param existing - blobs that the engine need not push.
   */
  receiveSnapshot(
    existing: readonly { readonly digest: string; readonly size: number }[],
  ): Promise<SnapshotReception>;
}

/** A snapshot that is being received. */
export interface SnapshotReception extends AsyncDisposable {
  /** The repository to push to, without the address. */
  readonly repository: string;
  /** The bearer token for the push. */
  readonly token: string;
  /** Undefined until the engine has pushed the manifest. */
  readonly received: ReceivedSnapshot | undefined;
}

/** A snapshot that was received: its manifest, and all blobs that did not exist. */
export interface ReceivedSnapshot {
  readonly manifest: ImageManifest;
  /** The manifest's bytes. */
  readonly content: Buffer;
  /** Opens a received blob, which the caller must read or destroy. */
  blob(digest: string): Promise<Readable>;
}
