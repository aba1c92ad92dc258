/**
 * What the engine reports of our instances, as Nova's lifecycle events: in order and once each. After a broken stream
 * it is caught up on what the engine remembers, and what it has forgotten is concluded from how the instances are.
 * Imports the engine; remembers only what each instance was last known to do.
 */
export { EventFollower } from './event-follower.js';
