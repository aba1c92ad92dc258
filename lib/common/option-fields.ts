import { z } from 'zod';
import type { ImageService, Logger } from '../../interfaces/index.js';

/** Schema fields that the options of several classes share. */

/** An optional field of a schema accepts undefined, which an optional field of an interface does not. */
type OrUndefined<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [Field in keyof T]: T[Field] | undefined }
    : T;

/**
 * A schema for each field of an interface, which accepts only what the interface allows. `satisfies FieldsOf<Options>`
 * makes the compiler find a field that only one of schema and interface has.
 */
export type FieldsOf<T> = {
  readonly [Field in keyof T]-?: z.ZodType<unknown, OrUndefined<T[Field]> | undefined>;
};

/** A non-empty string. */
export const text = z.string().min(1);

/** A positive integer. */
export const count = z.int().positive();

/** Certificates in PEM. */
export const certificates = z.union([z.string(), z.instanceof(Buffer)]);

/** A function of this type. Its signature cannot be validated. */
export const callbackOf = <F>(): z.ZodType<F, F> =>
  z.custom<F>((value) => typeof value === 'function', 'must be a function');

/** A function. Its signature cannot be validated. */
export const callback = callbackOf<unknown>();

/** A value that is validated elsewhere. */
export const unchecked = <T>(): z.ZodType<T, T> => z.custom<T>(() => true);

/** An object that maps some of the known keys to positive integers. */
export const amounts = <Key extends string>(
  known: Readonly<Record<Key, number>>,
): z.ZodType<Partial<Record<Key, number>>, Partial<Record<Key, number>>> =>
  z.partialRecord(
    z.custom<Key>((key) => typeof key === 'string' && Object.hasOwn(known, key), 'is unknown'),
    count,
  );

/** An object with these methods. Their signatures cannot be validated. */
export const objectWith = <T>(...names: (keyof T & string)[]): z.ZodType<T, T> =>
  z.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `must have the methods ${names.join(', ')}`,
  );

/** Like {@link objectWith}, of any type. */
export const withMethods = (...names: string[]): z.ZodType =>
  objectWith<Readonly<Record<string, unknown>>>(...names);

export const imageService = objectWith<ImageService>(
  'show',
  'detail',
  'download',
  'create',
  'update',
  'delete',
);

export const logger = objectWith<Logger>('debug', 'info', 'warn', 'error');
