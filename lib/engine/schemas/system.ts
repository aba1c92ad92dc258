import { z } from 'zod';

import { listOf, mapOf, textIfSet } from './fields.js';

/** The engine serves `/version` without and under any API version, so it is used for negotiation. */
export const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string(),
  Os: z.string(),
  Arch: z.string(),
  KernelVersion: textIfSet,
});

export const systemInfo = z.object({
  ID: z.string(),
  /** The host's name. */
  Name: z.string(),
  ServerVersion: z.string(),
  Containers: z.int(),
  ContainersRunning: z.int(),
  ContainersPaused: z.int(),
  ContainersStopped: z.int(),
  Images: z.int(),
  /** The storage driver. */
  Driver: z.string(),
  DriverStatus: listOf(z.tuple([z.string(), z.string()])),
  DockerRootDir: z.string(),
  /** The containerd that the engine uses; since API 1.46. */
  Containerd: z.object({ Address: textIfSet }).nullish(),
  NCPU: z.int(),
  /** Bytes. */
  MemTotal: z.int(),
  MemoryLimit: z.boolean(),
  SwapLimit: z.boolean(),
  PidsLimit: z.boolean(),
  CpuCfsQuota: z.boolean(),
  CPUShares: z.boolean(),
  CPUSet: z.boolean(),
  /** Omitted under cgroup v2, which does not have this switch. */
  OomKillDisable: z.boolean().optional(),
  KernelVersion: z.string(),
  OperatingSystem: z.string(),
  OSType: z.string(),
  /** As `uname -m` prints it: `x86_64`, `aarch64`. */
  Architecture: z.string(),
  CgroupDriver: z.string(),
  /** `1` or `2`; since 20.10. */
  CgroupVersion: textIfSet,
  LoggingDriver: z.string(),
  SecurityOptions: listOf(z.string()),
  Runtimes: mapOf(z.object({})),
  DefaultRuntime: z.string(),
  LiveRestoreEnabled: z.boolean(),
  Plugins: z.object({ Network: listOf(z.string()), Volume: listOf(z.string()) }),
  Labels: listOf(z.string()),
  /** The engine's clock, which also dates its events, in RFC 3339. */
  SystemTime: textIfSet,
  Warnings: listOf(z.string()),
});

export const engineEvent = z.object({
  /** `container`, `image`, `network`, … */
  Type: z.string(),
  /** `start`, `die`, `exec_create: sh`, … */
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: mapOf(z.string()) }),
  /** Seconds since 1970. */
  time: z.number(),
  /** Nanoseconds since 1970, accurate to some hundred of them. */
  timeNano: z.number(),
});

/** The engine's information about itself and its host. */
export type SystemInfo = z.output<typeof systemInfo>;
/** An event of the engine. */
export type EngineEvent = z.output<typeof engineEvent>;

/** The engine's version information. */
export type VersionAnswer = z.output<typeof versionAnswer>;
