import { z } from 'zod';

import { containerId, imageId, listOf, mapOf, textIfSet } from './fields.js';

/** The states that `docker ps` shows; 28.5 also has `removing`. */
const status = z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']);

const endpoint = z.object({
  /** Unset until the container's first start. */
  NetworkID: textIfSet,
  EndpointID: textIfSet,
  /** The requested addresses; null or absent when the engine chooses. */
  IPAMConfig: z.object({ IPv4Address: textIfSet, IPv6Address: textIfSet }).nullish(),
  Gateway: textIfSet,
  IPAddress: textIfSet,
  IPPrefixLen: z.int(),
  GlobalIPv6Address: textIfSet,
  /** Unset while the container is stopped. */
  MacAddress: textIfSet,
  Aliases: listOf(z.string()),
  /** Kept with the endpoint; the driver of its network gets them too. */
  DriverOpts: mapOf(z.string()),
  /** Since API 1.48. */
  GwPriority: z.int().nullish(),
});

/** The `StartedAt` of a container that was never started. */
export const neverStarted = '0001-01-01T00:00:00Z';

const containerState = z.object({
  Status: status,
  Running: z.boolean(),
  Paused: z.boolean(),
  Restarting: z.boolean(),
  OOMKilled: z.boolean(),
  Dead: z.boolean(),
  Pid: z.int(),
  ExitCode: z.int(),
  Error: z.string(),
  /** {@link neverStarted}, or a time. */
  StartedAt: z.string(),
  FinishedAt: z.string(),
});

const throttledDevice = z.object({ Path: z.string(), Rate: z.number() });

export const containerInspect = z.object({
  Id: containerId,
  /** With a leading `/`. */
  Name: z.string(),
  Created: z.string(),
  Image: imageId,
  Driver: z.string(),
  RestartCount: z.int(),
  State: containerState,
  Config: z.object({
    Hostname: z.string(),
    Image: z.string(),
    Labels: mapOf(z.string()),
    Env: listOf(z.string()),
    Cmd: listOf(z.string()),
    Entrypoint: listOf(z.string()),
    User: textIfSet,
    WorkingDir: textIfSet,
    Tty: z.boolean(),
    OpenStdin: z.boolean(),
    StopSignal: textIfSet,
    StopTimeout: z.int().optional(),
    /** That of the first interface; up to API 1.51. */
    MacAddress: textIfSet,
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    Memory: z.number(),
    MemorySwap: z.number(),
    NanoCpus: z.number(),
    CpuShares: z.number(),
    CpuPeriod: z.number(),
    CpuQuota: z.number(),
    CpusetCpus: z.string(),
    PidsLimit: z.int().nullish(),
    BlkioDeviceReadBps: listOf(throttledDevice),
    BlkioDeviceWriteBps: listOf(throttledDevice),
    BlkioDeviceReadIOps: listOf(throttledDevice),
    BlkioDeviceWriteIOps: listOf(throttledDevice),
    Privileged: z.boolean(),
    StorageOpt: mapOf(z.string()),
  }),
  NetworkSettings: z.object({ Networks: mapOf(endpoint) }),
  Mounts: listOf(
    z.object({
      Type: z.string(),
      Name: textIfSet,
      Source: textIfSet,
      Destination: z.string(),
      RW: z.boolean(),
    }),
  ),
  /** The size of the container's own layer in bytes; only with `size`. */
  SizeRw: z.number().optional(),
  /** The size of all its files in bytes; only with `size`. */
  SizeRootFs: z.number().optional(),
});

/** Loose: keeps every field of the engine, also those unknown to the driver. */
export const containerConfiguration = z.object({ Config: z.looseObject({}), HostConfig: z.looseObject({}) });

export const containerSummary = z.object({
  Id: containerId,
  /** Each with a leading `/`. */
  Names: listOf(z.string()),
  Image: z.string(),
  ImageID: z.string(),
  /** Seconds since 1970. */
  Created: z.int(),
  Labels: mapOf(z.string()),
  State: status,
  /** A display text: `Up 3 minutes`. */
  Status: z.string(),
  HostConfig: z.object({ NetworkMode: textIfSet }),
  NetworkSettings: z.object({ Networks: mapOf(endpoint) }).nullish(),
});

export const containerCreated = z.object({ Id: containerId, Warnings: listOf(z.string()) });

export const containerExit = z.object({
  StatusCode: z.int(),
  Error: z.object({ Message: textIfSet }).nullish(),
});

export const committed = z.object({ Id: imageId });

/** The fields of `GET /containers/{id}/json` that the driver reads. */
export type ContainerInspect = z.output<typeof containerInspect>;
/** A container's configuration, see `ContainersApi.configuration`. */
export type ContainerConfiguration = z.output<typeof containerConfiguration>;
/** An element of a list of containers. */
export type ContainerSummary = z.output<typeof containerSummary>;
/** A container's endpoint in a network. */
export type ContainerEndpoint = z.output<typeof endpoint>;
