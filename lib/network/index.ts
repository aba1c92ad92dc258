/**
 * The instances' networks: Nova's `network_info` as bridge networks of the engine, one for each of Nova's networks,
 * made on first use and removed with the last instance; and the wait for the reports of the network service. Imports
 * the engine; never touches a network that the driver did not make.
 */
export { addressBlock } from './address-block.js';
export { interfacesOf } from './interfaces-of.js';
export { Networks, type Wiring } from './networks.js';
export { ReservedSubnets } from './reserved-subnets.js';
export { type VifPluggingPolicy, whilePlugging } from './vif-plugging.js';
