/**
 * The driver: `docker-driver.ts` has every verb of Nova's interface, each as one delegation to its module in `verbs/`.
 * `ComputeHost` runs the verbs: it validates their arguments, holds the instance's lock, and converts their errors. May
 * import all lower rooms; no room imports this one. It never contains a verb's steps: those are in `verbs/`.
 */
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './options.js';
