/**
 * The driver: one file for each area of Nova's interface (interfaces/compute-driver/), in which each verb is a few
 * lines that name its work and the exception of its failure. The areas are a chain of classes, which makes the driver
 * one object; a verb of another area is called only through `this`.
 *
 * May import every other room of the driver; no room imports this one. The steps of a verb are never here, but in
 * `verbs/`.
 */
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './options.js';
