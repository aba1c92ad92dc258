/**
 * The instances' networks: Nova's `network_info` as bridge networks of the engine, one for each of Nova's networks, made on first use
 * and removed with the last instance. Imports the engine; never touches a network that the driver did not make.
 */
export { networkName } from './network-plan.js';
export { Networks } from './networks.js';
export type { Wiring } from './networks.js';
