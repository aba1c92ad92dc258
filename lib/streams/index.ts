/**
 * What every room does with streams and waits: deadlines on silence, turns in a queue, reading what is small into
 * memory. A leaf: it imports nothing but contracts, and knows neither engines nor images.
 */
export { archiveReadAhead, type ByteSource, isLent, lentBytes, readableOf } from './byte-source.js';
export { asBytes, readAll, TooLarge } from './read-all.js';
export { steadyNow } from './clock.js';
export { Deadline, DeadlineExceeded, withDeadline } from './deadline.js';
export { destroyOnAbort, LinkedAbort, pause, unlessAborted, unwrapped } from './wait.js';
export { gathered } from './gathered.js';
export { harmless } from './harmless.js';
export { receivedStream } from './received-stream.js';
export { asError, codeOf } from './thrown.js';
export { takeTurn, Turns } from './turns.js';
export { verifiedStream } from './verified-stream.js';
