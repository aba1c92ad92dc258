/**
 * What the engine reports of our instances, as Nova's lifecycle events: in order, once each, across broken streams and restarted engines. Imports
 * the engine; remembers only what each instance was last seen doing.
 */
export { EventFollower } from './event-follower.js';
