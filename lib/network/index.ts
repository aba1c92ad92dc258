/**
 * Networks of instances. It maps Nova's `network_info` to bridge networks of the engine: one per Neutron network,
 * created on first use, removed with the last instance. It also waits for the network service to report the interfaces
 * as plugged. It imports engine, streams and common; it never changes a network that the driver did not create.
 */
export { interfacesOf } from './interfaces-of.js';
export { networkNames } from './network-plan.js';
export { Networks, type Wiring } from './networks.js';
export type { Reconnection } from './reconnection.js';
export { HostSubnets } from './reserved/index.js';
export { PluggingWait, type VifPluggingPolicy } from './vif-plugging.js';
