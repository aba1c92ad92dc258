import { z } from 'zod';
import type { ImageMeta, Instance } from '../interfaces/index.js';
import { InvalidInput } from '../interfaces/index.js';

/*
 * What a verb is about comes from callers whose compiler may not have looked at it. What every verb relies on is checked before anything is done, so
 * that a mistake of the caller does not read as a failure of the host, which Nova would try again on another one.
 */

const instance = z.looseObject({ uuid: z.string(), name: z.string() });
const amount = z.number().nonnegative();
const made = instance.extend({
  flavor: z.looseObject({ memory_mb: amount, vcpus: amount, root_gb: amount }),
});
const image = z.looseObject({ id: z.string() });

/** @throws InvalidInput naming what an instance lacks that every verb needs. */
export function instanceMustBeSound(subject: Instance): void {
  mustFit('instance', instance, subject);
}

/** @throws InvalidInput naming what an instance or its image lacks that a container cannot be made without. */
export function makingMustBeSound(subject: Instance, image_meta: ImageMeta): void {
  mustFit('instance', made, subject);
  mustFit('image_meta', image, image_meta);
}

function mustFit(what: string, schema: z.ZodType, subject: unknown): void {
  const checked = schema.safeParse(subject);
  if (checked.success) return;
  const [issue] = checked.error.issues;
  const field = [what, ...(issue?.path ?? [])].join('.');
  throw new InvalidInput(`${field} cannot be used: ${issue?.message ?? ''}`, { cause: checked.error });
}
