/**
 * The verbs that list instances and report their state. May import `definition/` and the rooms below the verbs; never
 * imports another verb, and never changes anything.
 */
export { getInfo } from './get-info.js';
export { instanceExists } from './instance-exists.js';
export { instanceOnDisk } from './instance-on-disk.js';
export { listInstances, listInstanceUuids } from './list-instances.js';
