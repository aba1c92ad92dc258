/**
 * The compute host: its resources and their use, processor times, uptime, architecture and address. It asks the engine,
 * and the operating system if the engine is on this machine. It imports engine and common; it never changes anything.
 */
export { architectureTraits } from './architectures.js';
export { hostCpuStats } from './host-cpu-stats.js';
export { hostResources } from './host-resources.js';
export { hostUptime } from './host-uptime.js';
export { inventories, type InventoryPolicy } from './inventories.js';
export { ownAddress } from './own-address.js';
