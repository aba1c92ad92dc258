import { types } from 'node:util';
import { z } from 'zod';

const text = z.string();
/** Accepts a RegExp of any realm: test runners load tests in a realm of their own. */
const pattern = z.custom(types.isRegExp, 'must be a RegExp');
const listen = text.optional();
const target = { method: text.optional(), path: pattern.optional() };
const count = z.int().positive();
const often = { nth: count.optional(), times: z.union([count, z.literal(Infinity)]).optional() };
const amount = z.int().nonnegative();

const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    message: text.optional(),
    ...target,
    ...often,
  }),
  z.strictObject({ kind: z.enum(['drop-request', 'stall-request', 'lose-answer']), ...target, ...often }),
  z.strictObject({ kind: z.literal('delay-request'), milliseconds: amount, ...target, ...often }),
  z.strictObject({
    kind: z.enum(['truncate-answer', 'stall-answer']),
    afterBytes: amount,
    ...target,
    ...often,
  }),
]);

const known = {
  startReplayer: z.strictObject({ mode: z.enum(['in-order', 'matching']).optional(), listen }),
  startRecorder: z.strictObject({
    engine: text,
    listen,
    scrub: z.array(pattern).optional(),
    maxAnswerBytes: count.optional(),
  }),
  startFaultProxy: z.strictObject({ engine: text, listen, faults: z.array(fault).optional() }),
  inject: fault,
};

/**
 * Validates options of the testing kit. A misspelled option would otherwise make a test that checks nothing.
 *
 * @throws TypeError that names each unknown or invalid option.
 */
export function validateOptions(of: keyof typeof known, options: unknown): void {
  const { error } = known[of].safeParse(options);
  if (error !== undefined)
    throw new TypeError(`${of} cannot use its options: ${z.prettifyError(error)}`, { cause: error });
}
