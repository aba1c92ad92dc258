import { z } from 'zod';

import { containerId, execId } from './fields.js';

export const execCreated = z.object({ Id: execId });

export const execInspect = z.object({
  ID: execId,
  ContainerID: containerId,
  Running: z.boolean(),
  /** Null while the process runs. */
  ExitCode: z.int().nullable(),
  Pid: z.int().optional(),
});

/** A process created by `ExecApi.create`. */
export type ExecInspect = z.output<typeof execInspect>;
