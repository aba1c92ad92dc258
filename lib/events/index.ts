/**
 * What the engine reports of our instances, as Nova's lifecycle events: in order and once each. After a broken stream the difference is told; what began and ended meanwhile is not. Imports
 * the engine; remembers only what each instance was last seen doing.
 */
export { EventFollower } from './event-follower.js';
