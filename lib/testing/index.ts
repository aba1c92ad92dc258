/**
 * The kit for users' own tests, not the tests of this project: stand-ins for an engine's socket. A recorder saves the
 * traffic between a client and a real engine as a fixture. A replayer answers from fixtures without an engine. A fault
 * proxy injects failures into the traffic. The kit works at the level of HTTP and knows nothing of the driver: it
 * imports only Node's modules and zod. It never answers a request that was not recorded, and importing it has no side
 * effects.
 */
export { FixtureError, RecordingError, ReplayError } from './errors.js';
export type { UnmatchedRequest, UnusedExchange } from './errors.js';
export { startFaultProxy } from './fault-proxy.js';
export type { FaultProxy, FaultProxyOptions, InjectedFault } from './fault-proxy.js';
export type { Fault, FaultKind, FaultTarget } from './faults.js';
export { readFixture, writeFixture } from './fixture.js';
export type { Exchange, Fixture } from './fixture.js';
export type { ReplayMode } from './ledger.js';
export { startRecorder } from './recorder.js';
export type { Recorder, RecorderOptions, ScenarioTitle } from './recorder.js';
export { startReplayer } from './replayer.js';
export type { Replayer, ReplayerOptions } from './replayer.js';
export type { SeenRequest } from './seen-request.js';
