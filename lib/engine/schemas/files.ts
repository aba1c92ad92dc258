import { z } from 'zod';

import { textIfSet } from './fields.js';

const kinds = { 0: 'modified', 1: 'added', 2: 'deleted' } as const;

export const fileChange = z
  .object({ Path: z.string(), Kind: z.union([z.literal(0), z.literal(1), z.literal(2)]) })
  .transform(({ Path: path, Kind: kind }) => ({ path, kind: kinds[kind] }));

/** A file or directory that differs from the container's image. */
export type FileChange = z.output<typeof fileChange>;

/**
 * The engine's description of a path in a container. `size` is in bytes; `linkTarget` is the final target of a symbolic
 * link.
 */
export const pathStat = z.object({ size: z.number().optional(), linkTarget: textIfSet });

export type PathStat = z.output<typeof pathStat>;
