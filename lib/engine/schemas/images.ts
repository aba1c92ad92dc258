import { z } from 'zod';

import { imageId, listOf, mapOf } from './fields.js';

/**
 * An image's names. In lists, 20.10 gives an unnamed image the placeholder `<none>:<none>` or `<none>@<none>`; later
 * engines give none.
 */
const names = listOf(z.string()).transform((list) => list.filter((name) => !name.startsWith('<none>')));

export const imageInspect = z.object({
  Id: imageId,
  RepoTags: names,
  RepoDigests: names,
  /** Absent or empty if the image does not have one. */
  Created: z.string().optional(),
  /** The image's comment, else that of its latest history entry. */
  Comment: z.string().optional(),
  Architecture: z.string(),
  Os: z.string(),
  /** Bytes. */
  Size: z.int(),
  /** The defaults for its containers; 28.5 omits empty fields. */
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
      /** Passed on unchanged. */
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

/** A line of the answer to `POST /images/load`: a message, a layer's progress, or an error. */
export const loadLine = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

/** A line of the answer to `POST /images/load`. */
export type LoadLine = z.output<typeof loadLine>;
/** The fields of `GET /images/{name}/json` that the driver reads. */
export type ImageInspect = z.output<typeof imageInspect>;
/** An element of a list of images. */
export type ImageSummary = z.output<typeof imageSummary>;
