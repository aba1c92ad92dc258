import { types } from 'node:util';

/** What was thrown, or a signal's reason, may be anything; a stream can only be destroyed with an error. */
export const asError = (thrown: unknown): Error =>
  isError(thrown) ? thrown : new Error('something other than an error was thrown', { cause: thrown });

/** An error's code, where it has one, as errors of Node's core do. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value) || value instanceof DOMException;
