import { z } from 'zod';

/** A line of what a pull or a build answers: how it gets on, what a step prints, or an error. */
export const progressLine = z.object({
  /** What a build says, and what its steps print. */
  stream: z.string().optional(),
  /** What is being done with the layer `id`, or with the whole. */
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z
    .object({ current: z.number().nonnegative().optional(), total: z.number().nonnegative().optional() })
    .nullish(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

/** What `GET /distribution/{name}/json` tells of an image in a registry. */
export const distributionInspect = z.object({
  Descriptor: z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
});

/** A line of what a pull or a build answers. */
export type ProgressLine = z.output<typeof progressLine>;
