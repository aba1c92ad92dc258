/** Snapshots that the host's engine pushes to its driver. May import the other folders of the registry. */
export type { ReceivedSnapshot, SnapshotReception } from './snapshot-reception.js';
export { SnapshotReceptions } from './snapshot-receptions.js';
