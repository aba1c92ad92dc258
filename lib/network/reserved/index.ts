/**
 * The addresses that no network of instances may contain: those that the host, its engine, its name servers and the
 * driver's servers have, and those with a fixed meaning. It reads procfs, resolver files and the name service, and
 * sends the engine no request. It imports engine (types), streams and common; the files beside it ask it about subnets.
 */
export { HostSubnets } from './host-subnets.js';
export { isLinkLocalGateway, specialPurposeOf } from './special-purpose-addresses.js';
