/**
 * The verbs that list instances and report their state and their use of resources. May import `definition/` and the
 * rooms below the verbs; never imports another verb, and never changes anything.
 */
export { getDiagnostics, getInstanceDiagnostics } from './get-diagnostics.js';
export { getInfo } from './get-info.js';
export { instanceExists } from './instance-exists.js';
export { instanceOnDisk } from './instance-on-disk.js';
export { listInstances, listInstanceUuids } from './list-instances.js';
