import { z } from 'zod';
import type { Instance } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import { callback, withMethods } from '../../common/index.js';
import type { Subjects } from './verb.js';

/*
 * Arguments are validated before anything is done: otherwise Nova would take a caller's mistake for a failure of the
 * host, and retry it on another one.
 */

/** The options that all verbs have. */
const commonOptions = z.looseObject({
  signal: withMethods('throwIfAborted', 'addEventListener', 'removeEventListener').nullish(),
  onProgress: callback.nullish(),
});

/** @throws InvalidInput when the options are not an object, or one that all verbs have is malformed. */
export function validateOptions(options: unknown): void {
  validateValue('options', commonOptions, options);
}

/**
 * @param schemas - the schemas of the arguments, by their names, in the order of validation.
 * @throws InvalidInput naming the first malformed argument, and its field.
 */
export function validateArguments(
  schemas: Readonly<Record<string, z.ZodType | undefined>>,
  given: object,
): void {
  for (const [name, schema] of Object.entries(schemas))
    if (schema !== undefined) validateValue(name, schema, Reflect.get(given, name));
}

/** An instance with its uuid in lower case, so that names and labels do not depend on how the caller writes it. */
export function withLowerCaseUuid(subject: Instance): Instance {
  const uuid = subject.uuid.toLowerCase();
  return uuid === subject.uuid ? subject : { ...subject, uuid };
}

/** The arguments of a verb, with the instance's uuid in lower case. */
export function normalizedSubjects<Given extends Subjects>(subjects: Given): Given {
  const { instance: subject } = subjects;
  return subject === undefined ? subjects : { ...subjects, instance: withLowerCaseUuid(subject) };
}

function validateValue(what: string, schema: z.ZodType, subject: unknown): void {
  const checked = schema.safeParse(subject);
  if (checked.success) return;
  const [issue] = checked.error.issues;
  const field = [what, ...(issue?.path ?? [])].join('.');
  throw new InvalidInput(`${field} cannot be used: ${issue?.message ?? ''}`, { cause: checked.error });
}
