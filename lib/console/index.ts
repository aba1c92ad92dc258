/**
 * Serial consoles: TCP ports of the driver's own that carry a terminal both ways, to one user at a time. It imports the
 * leaves (streams) and the contracts, and knows neither engines nor containers: whoever opens a console says how its
 * terminal is reached. It never asks users who they are.
 */
export { type PortRange, SerialConsoles, type SerialConsolesOptions } from './serial-consoles.js';
