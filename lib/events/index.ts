/**
 * Nova's lifecycle events, derived from the engine's events about the host's instances: in order, each once. After a
 * broken stream the room replays the events that the engine remembers and derives the others from the instances' state.
 * It imports engine, streams and common; it stores nothing but each instance's last activity, in memory.
 */
export { EventFollower } from './event-follower.js';
