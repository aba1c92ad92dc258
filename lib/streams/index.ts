/**
 * What every room does with streams and waits: deadlines on silence, turns in a queue, reading what is small into
 * memory. A leaf: it imports nothing but contracts, and knows neither engines nor images.
 */
export { archiveReadAhead, isLent, lentBytes, readableOf } from './byte-source.js';
export type { ByteSource } from './byte-source.js';
export { asBytes } from './bytes.js';
export { steadyNow } from './clock.js';
export { destroyOnAbort } from './destroy-on-abort.js';
export { Deadline, DeadlineExceeded, withDeadline } from './deadline.js';
export { gathered } from './gathered.js';
export { harmless } from './harmless.js';
export { LinkedAbort } from './linked-abort.js';
export { pemContent } from './pem.js';
export { withoutSecrets, withoutValues } from './secrets.js';
export { readAll, TooLarge } from './read-all.js';
export { receivedStream } from './received-stream.js';
export { takeTurn } from './turn.js';
export { Turns } from './turns.js';
export { asError, codeOf } from './thrown.js';
export { pause, unlessAborted, unwrapped } from './wait.js';
