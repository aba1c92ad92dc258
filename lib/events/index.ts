/**
 * Nova's lifecycle events, derived from the engine's events about the host's instances: in order, each once. After a
 * broken stream the room replays the events that the engine remembers and derives the others from the instances' state.
 * It imports engine, streams and common; it stores nothing but each instance's last activity, in memory,
 * and the events that wait for the orchestrator's listener and iterables.
 */
export { EventFollower } from './event-follower.js';
export { EventStreams, type EventsOptions, type NamedLifecycleEvent } from './event-streams.js';
export { LifecycleEvents } from './lifecycle-events.js';
