/**
 * Shared helpers for streams and waiting: deadlines, mutexes, abort signals, byte sources, reading small streams into
 * memory. Imports only interfaces. Knows nothing of engines, images or HTTP.
 */
export {
  archiveReadAhead,
  type ByteSource,
  reusesBuffer,
  borrowedChunks,
  readableOf,
} from './byte-source.js';
export { asBytes, readAll, TooLarge } from './read-all.js';
export { steadyNow } from './clock.js';
export { Deadline, DeadlineExceeded, withDeadline } from './deadline.js';
export { destroyOnAbort, LinkedAbort, sleep, raceSignal, unwrapped } from './wait.js';
export { gathered } from './gathered.js';
export { guardListener } from './guard-listener.js';
export { receivedStream } from './received-stream.js';
export { asError, codeOf } from './thrown.js';
export { KeyedMutex } from './keyed-mutex.js';
export { Slot } from './slot.js';
export { verifiedStream } from './verified-stream.js';
