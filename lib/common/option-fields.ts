import { z } from 'zod';

/** Schema fields that the options of several classes share. */

/** A non-empty string. */
export const text = z.string().min(1);

/** A positive integer. */
export const count = z.int().positive();

/** Certificates in PEM. */
export const certificates = z.union([z.string(), z.instanceof(Buffer)]);

/** A function. Its signature cannot be validated. */
export const callback = z.custom((value) => typeof value === 'function', 'must be a function');

/** An object that maps some of the known keys to positive integers. */
export const amounts = (known: object): z.ZodType => z.partialRecord(z.enum(Object.keys(known)), count);

/** An object with these methods. Their signatures cannot be validated. */
export const withMethods = (...names: string[]): z.ZodType =>
  z.custom(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `must have the methods ${names.join(', ')}`,
  );

export const imageService = withMethods('show', 'detail', 'download', 'create', 'update', 'delete');

export const logger = withMethods('debug', 'info', 'warn', 'error');
