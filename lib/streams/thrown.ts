import { types } from 'node:util';
import { isDriverError } from '../../interfaces/index.js';

/** Converts any thrown value or abort reason to an Error, because a stream can only be destroyed with an Error. */
export const asError = (thrown: unknown): Error =>
  isError(thrown) ? thrown : new Error('something other than an error was thrown', { cause: thrown });

/** The `code` of an error, as Node's core sets it; undefined without one, and for an error of this library. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' &&
  error !== null &&
  !isDriverError(error) &&
  'code' in error &&
  typeof error.code === 'string'
    ? error.code
    : undefined;

const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value) || value instanceof DOMException;
