/**
 * The verbs that concern volumes and disks. May import `host-reports/`, `definition/` and the rooms below the verbs;
 * never imports another verb.
 */
export { attachVolume, detachVolume } from './attach-volume.js';
export { getInstanceDiskInfo } from './get-instance-disk-info.js';
export { getVolumeConnector } from './get-volume-connector.js';
