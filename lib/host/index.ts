/**
 * The host: what it has, what the instances use of it, how long it has been up, where it is. Imports the engine;
 * changes nothing.
 */
export { architectureTraits } from './architectures.js';
export { hostCpuStats } from './host-cpu-stats.js';
export { hostResources } from './host-resources.js';
export { hostUptime } from './host-uptime.js';
export { inventories } from './inventories.js';
export { ownAddress } from './own-address.js';
