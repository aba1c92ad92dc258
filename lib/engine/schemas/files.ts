import { z } from 'zod';

const kinds = { 0: 'modified', 1: 'added', 2: 'deleted' } as const;

export const fileChange = z
  .object({ Path: z.string(), Kind: z.union([z.literal(0), z.literal(1), z.literal(2)]) })
  .transform(({ Path: path, Kind: kind }) => ({ path, kind: kinds[kind] }));

/** A file or folder of a container that is not as in its image. */
export type FileChange = z.output<typeof fileChange>;

/** What an engine says of a path in a container: of a symbolic link, where it leads in the end, links on the way included. */
export const pathStat = z.object({ linkTarget: z.string().default('') });
