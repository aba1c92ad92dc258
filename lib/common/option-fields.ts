import { z } from 'zod';

/** Fields that several classes have among their options: they are checked alike everywhere. */

/** A text that says something. */
export const text = z.string().min(1);

/** How many, or how much, of what there must be some. */
export const count = z.int().positive();

/** Certificates in PEM. */
export const certificates = z.union([z.string(), z.instanceof(Buffer)]);

/** A function; what it does is believed. */
export const callback = z.custom((value) => typeof value === 'function', 'must be a function');

/** An object with some of these keys, whose values count something. */
export const amounts = (known: object): z.ZodType => z.partialRecord(z.enum(Object.keys(known)), count);

/** An object that has these methods; what they do is believed. */
export const withMethods = (...names: string[]): z.ZodType =>
  z.custom(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `must have the methods ${names.join(', ')}`,
  );

/** An image service. */
export const imageService = withMethods('show', 'detail', 'download', 'create', 'update', 'delete');

/** A logger. */
export const logger = withMethods('debug', 'info', 'warn', 'error');
