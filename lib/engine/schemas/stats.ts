import { z } from 'zod';

import { listOf, mapOf } from './fields.js';

const cpu = z.object({
  cpu_usage: z.object({
    /** Nanoseconds. */
    total_usage: z.number(),
    /** Only under cgroup v1. */
    percpu_usage: listOf(z.number()),
  }),
  online_cpus: z.int().optional(),
});

/** For a stopped container, numbers are zero and other fields are omitted. */
export const containerStats = z.object({
  read: z.string(),
  cpu_stats: cpu,
  memory_stats: z.object({
    /** Bytes. */
    usage: z.number().optional(),
    limit: z.number().optional(),
    stats: mapOf(z.number()),
  }),
  pids_stats: z.object({ current: z.number().optional() }).optional(),
  blkio_stats: z.object({
    io_service_bytes_recursive: listOf(
      z.object({ major: z.int(), minor: z.int(), op: z.string(), value: z.number() }),
    ),
    io_serviced_recursive: listOf(
      z.object({ major: z.int(), minor: z.int(), op: z.string(), value: z.number() }),
    ),
  }),
  /** Keyed by interface name in the container; omitted without a network. */
  networks: mapOf(
    z.object({
      rx_bytes: z.number(),
      rx_packets: z.number(),
      rx_errors: z.number(),
      rx_dropped: z.number(),
      tx_bytes: z.number(),
      tx_packets: z.number(),
      tx_errors: z.number(),
      tx_dropped: z.number(),
    }),
  ),
});

/** A container's resource usage. */
export type ContainerStats = z.output<typeof containerStats>;
