import { engineWords } from './engine-words.js';
import { EngineProtocolError, EngineVersionUnsupported, isBadRequest } from './errors.js';
import type { VersionAnswer } from './schemas/system.js';

/*
 * The API versions that this client supports.
 *
 * The oldest is 1.40 (engine 19.03), the last one before 20.10; every request here was checked against 20.10. Later
 * features are optional (1.41: one-shot stats; 1.44: an endpoint's MAC address), or `schemas/` accepts their absence.
 * The newest is 1.51 (engine 28.5), the last one that was tested: later versions drop fields. Newer engines accept 1.51:
 * 29.0 to 29.2 from 1.44 on, later ones from 1.40 on; 29.1 speaks up to 1.52, an engine after 29.7 up to 1.56.
 */
const oldest = '1.40';
const newest = '1.51';

/** The engine's versions, and the negotiated API version. */
export interface EngineVersion {
  /** The negotiated API version, such as `1.41`. */
  readonly apiVersion: string;
  /** The engine's version, such as `20.10.24`. */
  readonly engineVersion: string;
  /** The oldest API version that the engine supports. */
  readonly minimumApiVersion: string;
  /** The newest API version that the engine supports. */
  readonly maximumApiVersion: string;
  /** `linux`. */
  readonly operatingSystem: string;
  /** In Go's terms: `amd64`, `arm64`. */
  readonly architecture: string;
}

const versionPattern = /^1\.([0-9]{1,4})$/;

/** The minor version. Every API version so far has the major version 1. */
function minor(version: string): number {
  const digits = versionPattern.exec(version)?.[1];
  if (digits === undefined)
    throw new EngineProtocolError(`the engine reports the malformed API version ${version}`);
  return Number(digits);
}

/** Whether an API version is the same as another or later. */
export const isAtLeast = (version: string, other: string): boolean => minor(version) >= minor(other);

/**
 * Chooses the newest API version that both sides support.
 *
 * @throws EngineVersionUnsupported when there is none.
 */
export function agree(answer: VersionAnswer): EngineVersion {
  const { ApiVersion: maximum, MinAPIVersion: minimum, Version: version } = answer;
  const chosen = isAtLeast(maximum, newest) ? newest : maximum;
  if (!isAtLeast(chosen, oldest) || !isAtLeast(chosen, minimum)) {
    throw new EngineVersionUnsupported({ minimum, maximum, version }, { minimum: oldest, maximum: newest });
  }
  return {
    apiVersion: chosen,
    engineVersion: version,
    minimumApiVersion: minimum,
    maximumApiVersion: maximum,
    operatingSystem: answer.Os,
    architecture: answer.Arch,
  };
}

/**
 * Whether the engine refused a request only for its API version: another engine has replaced the one that negotiated.
 * No status or header says so, only the message.
 */
export const isVersionRefusal = (error: unknown): boolean =>
  isBadRequest(error) && engineWords.apiVersion.test(error.engineMessage);
