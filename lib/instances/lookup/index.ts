/**
 * Which containers of the engine are this host's instances: find one, list them, tell an incomplete one. May import
 * `specification/`, engine, common and the contracts; it only reads.
 */
export {
  findInstance,
  inspectInstance,
  listContainersOf,
  listContainersOfHost,
  type ListedInstance,
  listInstances,
} from './find-instance.js';
export { isUnfinished, spawning } from './unfinished-container.js';
