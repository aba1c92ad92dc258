/**
 * Nova's lifecycle events, derived from the engine's events about the driver's instances: in order, each once. After a
 * broken stream the room replays the events that the engine remembers, and derives the others from the instances'
 * current state. It imports engine, streams and common; it remembers only each instance's last activity, and stores
 * nothing.
 */
export { EventFollower } from './event-follower.js';
