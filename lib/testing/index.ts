/**
 * The testing kit: stand-ins for an engine's socket. A recorder writes down what passes between a client and a real
 * engine, a replayer answers from such recordings without one, and a fault proxy breaks what passes where a test wants
 * it. It works on HTTP alone and knows nothing of the driver: it imports only Node's own modules and zod. It never
 * answers what was not recorded, and never starts anything when it is imported.
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
