/**
 * The disks of an instance: block devices and volumes as mounts of its container, the checks that its volumes exist and
 * are allowed, and the size of its root disk. May import all other folders of instances, engine, common and the
 * contracts; it never creates a container.
 */
export { blockDeviceMounts, validateNoAccelerators, withMounts } from './block-devices.js';
export { isMounted, mountedPaths } from './mount-point.js';
export { RootDisks } from './root-disk.js';
export { validateVolumesUnchanged } from './validate-volumes.js';
export type { VolumePolicy } from './volume-mount.js';
