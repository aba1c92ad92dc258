import { Snapshot, type SnapshotRequest } from '../../lib/images/index.js';

/** Commits a container at once, as a verb does for an instance that needs no pause and no check. */
export async function takeSnapshot(
  environment: Parameters<typeof Snapshot.announce>[0],
  request: SnapshotRequest,
): Promise<Snapshot> {
  const snapshot = await Snapshot.announce(environment, request);
  try {
    await snapshot.commit();
    request.signal?.throwIfAborted();
    return snapshot;
  } catch (error) {
    await snapshot.discard();
    throw error;
  }
}
