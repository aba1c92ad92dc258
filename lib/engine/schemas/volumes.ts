import { z } from 'zod';

import { listOf, mapOf } from './fields.js';

export const volumeInspect = z.object({
  Name: z.string(),
  Driver: z.string(),
  Labels: mapOf(z.string()),
});

export const volumeList = z.object({ Volumes: listOf(volumeInspect) });

/** The fields of a volume that the driver reads. */
export type VolumeInspect = z.output<typeof volumeInspect>;
