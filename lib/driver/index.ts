/**
 * The driver: one file for each area of Nova's interface (interfaces/compute-driver/), in which each verb is a few
 * lines that name its work and the exception of its failure. The areas are a chain of classes, which makes the driver
 * one object; a verb of another area is called only through `this`. May import all lower rooms; no room imports this
 * one. It never contains a verb's steps: those are in `verbs/`.
 */
export { DockerDriver } from './docker-driver.js';
export type { EventsOptions, NamedLifecycleEvent } from './event-streams.js';
export type { DockerDriverOptions } from './options.js';
