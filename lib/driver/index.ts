/**
 * What the driver can do, one file for each area of Nova's interface (interfaces/compute-driver/): each verb is a few
 * lines, which say what it does and what its failure means. The areas are links of one chain, so that the driver is one
 * object; none of them calls another's verbs but through `this`.
 */
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './options.js';
