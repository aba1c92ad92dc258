import type { HostConfiguration } from '../../engine/index.js';

/** Bounds of an instance's log on the engine's disk. */
export interface LogBound {
  /** Bytes per file. */
  readonly maxBytes: number;
  /** Files per instance: the engine deletes the oldest when it begins another one. */
  readonly maxFiles: number;
}

/**
 * The log configuration of an instance. The log driver is always `json-file`, whatever the daemon's default: every
 * engine has it, can read it for the console, and bounds it.
 */
export function logConfiguration({
  maxBytes,
  maxFiles,
}: LogBound): NonNullable<HostConfiguration['LogConfig']> {
  return { Type: 'json-file', Config: { 'max-size': String(maxBytes), 'max-file': String(maxFiles) } };
}
