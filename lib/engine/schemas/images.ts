import { z } from 'zod';

import { imageId, listOf, mapOf } from './fields.js';

/**
 * Names of an image. In lists, 20.10 gives one without any a placeholder, `<none>:<none>` or `<none>@<none>`; later
 * engines none.
 */
const names = listOf(z.string()).transform((list) => list.filter((name) => !name.startsWith('<none>')));

export const imageInspect = z.object({
  Id: imageId,
  RepoTags: names,
  RepoDigests: names,
  /** Absent or empty for images without one. */
  Created: z.string().optional(),
  /** That of the image, else of the last entry in its history. */
  Comment: z.string().optional(),
  Architecture: z.string(),
  Os: z.string(),
  /** Bytes. */
  Size: z.int(),
  /** What containers of the image inherit; 28.5 leaves out what is empty. */
  Config: z
    .object({
      User: z.string().optional(),
      Env: listOf(z.string()),
      Cmd: listOf(z.string()),
      Entrypoint: listOf(z.string()),
      WorkingDir: z.string().optional(),
      Labels: mapOf(z.string()),
      StopSignal: z.string().optional(),
      Volumes: mapOf(z.object({})),
      ExposedPorts: mapOf(z.object({})),
      /** Handed on as they are. */
      Healthcheck: z.unknown().optional(),
      Shell: z.unknown().optional(),
      OnBuild: z.unknown().optional(),
    })
    .nullish(),
  RootFS: z.object({ Type: z.string(), Layers: listOf(z.string()) }),
});

export const imageSummary = z.object({
  Id: imageId,
  ParentId: z.string(),
  RepoTags: names,
  RepoDigests: names,
  /** Seconds since 1970. */
  Created: z.int(),
  /** Bytes. */
  Size: z.int(),
  Labels: mapOf(z.string()),
});

/** A line of what `POST /images/load` answers: words for people, how far it is with a layer, or an error. */
export const loadLine = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

/** A line of what `POST /images/load` answers. */
export type LoadLine = z.output<typeof loadLine>;
/** An image as `GET /images/{name}/json` tells it: what the driver reads of it. */
export type ImageInspect = z.output<typeof imageInspect>;
/** An image in a list. */
export type ImageSummary = z.output<typeof imageSummary>;
