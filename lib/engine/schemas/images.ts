import { z } from 'zod';

import { imageId, listOf, mapOf, textIfSet } from './fields.js';

/**
 * An image's names. In lists, 20.10 gives an unnamed image the placeholder `<none>:<none>` or `<none>@<none>`; later
 * engines give none.
 */
const names = listOf(z.string()).transform((list) => list.filter((name) => !name.startsWith('<none>')));

export const imageInspect = z.object({
  Id: imageId,
  RepoTags: names,
  RepoDigests: names,
  /** Unset if the image does not have one. */
  Created: textIfSet,
  /** The image's comment, else that of its latest history entry. */
  Comment: textIfSet,
  Architecture: z.string(),
  Os: z.string(),
  /** Bytes. */
  Size: z.int(),
  /** The defaults for its containers; 28.5 omits some empty fields, API 1.52 all. */
  Config: z
    .object({
      User: textIfSet,
      Env: listOf(z.string()),
      Cmd: listOf(z.string()),
      Entrypoint: listOf(z.string()),
      WorkingDir: textIfSet,
      Labels: mapOf(z.string()),
      StopSignal: textIfSet,
      Volumes: mapOf(z.object({})),
      ExposedPorts: mapOf(z.object({})),
      /** Passed on unchanged. */
      Healthcheck: z.unknown().optional(),
      Shell: z.unknown().optional(),
      OnBuild: z.unknown().optional(),
    })
    .nullish(),
  /** From API 1.48 on, if the engine has containerd's image store. */
  Descriptor: z.object({ annotations: mapOf(z.string()) }).nullish(),
  RootFS: z.object({ Type: z.string(), Layers: listOf(z.string()) }),
});

export const imageSummary = z.object({
  Id: imageId,
  ParentId: textIfSet,
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
  stream: textIfSet,
  status: textIfSet,
  id: textIfSet,
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
  /** Not unset if empty: a failure without words is one, too. */
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
});

/** A line of the answer to `POST /images/load`. */
export type LoadLine = z.output<typeof loadLine>;
/** The fields of `GET /images/{name}/json` that the driver reads. */
export type ImageInspect = z.output<typeof imageInspect>;
/** An element of a list of images. */
export type ImageSummary = z.output<typeof imageSummary>;
