/**
 * The host: what it has, what the instances use of it, how long it has been up, where it is. Imports the engine; changes nothing.
 */
export { hostResources } from './host-resources.js';
export type { UsedResources } from './host-resources.js';
export { hostUptime } from './host-uptime.js';
export { ownAddress } from './own-address.js';
