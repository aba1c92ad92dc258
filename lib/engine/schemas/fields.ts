import { z } from 'zod';

import {
  isContainerId,
  isExecId,
  isImageId,
  isNetworkId,
  type ContainerId,
  type ExecId,
  type ImageId,
  type NetworkId,
} from './identifiers.js';

const identifier = <T extends string>(guard: (text: string) => text is T, what: string): z.ZodType<T> =>
  z.custom<T>((value) => typeof value === 'string' && guard(value), `expected ${what}`);

export const containerId = identifier<ContainerId>(isContainerId, "a container's id");
export const networkId = identifier<NetworkId>(isNetworkId, "a network's id");
export const imageId = identifier<ImageId>(isImageId, "an image's id");
export const execId = identifier<ExecId>(isExecId, "a process's id");

/** A text that may be unset: engines omit it then, or send `""` (29.0 to 29.1.5 for addresses). Both are undefined. */
export const textIfSet = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === '' ? undefined : text))
  .optional();

/** A list. The engine is written in Go, which encodes an empty list as `null` or omits it. */
export const listOf = <T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);

/** A map with string keys. Go encodes an empty one as `null` or omits it. */
export const mapOf = <T extends z.ZodType>(item: T): z.ZodType<Record<string, z.output<T>>> =>
  z
    .record(z.string(), item)
    .nullish()
    .transform((map) => map ?? {});
