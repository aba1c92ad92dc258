import { z } from 'zod';
import { sha256Digest } from '../../common/index.js';
import { textIfSet } from './fields.js';

/** A line of the answer to a pull, a push or a build: progress, output of a step, or an error. */
export const progressLine = z.object({
  /** The builder's messages and the output of its steps. */
  stream: textIfSet,
  /** The current operation on the layer `id`, or on the whole image. */
  status: textIfSet,
  id: textIfSet,
  progressDetail: z
    .object({ current: z.number().nonnegative().optional(), total: z.number().nonnegative().optional() })
    .nullish(),
  /** Not unset if empty: a failure without words is one, too. */
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

/** The answer to `GET /distribution/{name}/json`, about an image in a registry. */
export const distributionInspect = z.object({
  Descriptor: z.object({ digest: z.string().regex(sha256Digest) }),
});

/** A line of the answer to a pull, a push or a build. */
export type ProgressLine = z.output<typeof progressLine>;
