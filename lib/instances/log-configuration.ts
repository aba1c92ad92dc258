import type { HostConfiguration } from '../engine/index.js';

/** How much of what an instance prints its engine keeps on the host's disk. */
export interface LogBound {
  /** Bytes of each file. */
  readonly maxBytes: number;
  /** Files that an instance has: the engine deletes the oldest when it begins another one. */
  readonly maxFiles: number;
}

/**
 * How an engine is to keep the log of an instance. The driver is `json-file`, whatever the daemon's default is: every
 * engine has it, can read it for the console, and bounds it.
 */
export function logConfiguration({
  maxBytes,
  maxFiles,
}: LogBound): NonNullable<HostConfiguration['LogConfig']> {
  return { Type: 'json-file', Config: { 'max-size': String(maxBytes), 'max-file': String(maxFiles) } };
}
