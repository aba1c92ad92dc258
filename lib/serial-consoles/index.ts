/**
 * Serial consoles: the driver's own TCP ports, each of which connects one user at a time to an instance's terminal. The
 * room imports streams and the contracts in interfaces; it never talks to an engine, because the caller supplies the
 * function that attaches to a terminal. The ports are unauthenticated.
 */
export { type PortRange, SerialConsoles, type SerialConsolesOptions } from './serial-consoles.js';
