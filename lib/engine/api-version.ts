import { EngineProtocolError, EngineVersionUnsupported, isBadRequest } from './errors.js';
import type { VersionAnswer } from './schemas/system.js';

/*
 * Versions of the engine's API that this client knows.
 *
 * The oldest is 1.40 (engine 19.03): the last one from before 20.10, which every request here was checked against. What
 * came later is either optional (1.41: one-shot stats; 1.44: an endpoint's own MAC address) or its absence is allowed
 * for in `schemas/`. The newest is 1.51 (engine 28.5), the last one that was seen to work: answers of later versions
 * may lack fields. An engine that speaks more is spoken to in 1.51: engine 29 (1.44 to 1.52) allows it.
 */
const oldest = '1.40';
const newest = '1.51';

/** What an engine said about itself, and the API version that is spoken with it. */
export interface EngineVersion {
  /** The API version in use, such as `1.41`. */
  readonly apiVersion: string;
  /** The engine's own version, such as `20.10.24`. */
  readonly engineVersion: string;
  /** The oldest API version that the engine speaks. */
  readonly minimumApiVersion: string;
  /** The newest API version that the engine speaks. */
  readonly maximumApiVersion: string;
  /** `linux`. */
  readonly operatingSystem: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
}

const versionPattern = /^1\.([0-9]{1,4})$/;

/** All versions there ever were are 1.something. */
function minor(version: string): number {
  const digits = versionPattern.exec(version)?.[1];
  if (digits === undefined) throw new EngineProtocolError(`the engine speaks of an API version ${version}`);
  return Number(digits);
}

/** Whether one API version is another or a later one. */
export const isAtLeast = (version: string, other: string): boolean => minor(version) >= minor(other);

/**
 * Chooses the newest API version that both sides know.
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
 * Whether the engine refused a request for its API version alone, without looking at it: it has become another engine
 * since the version was agreed. There is no status or header for it, only these words (unchanged from 1.12 to 28.5).
 */
export const isVersionRefusal = (error: unknown): boolean =>
  isBadRequest(error) && /^client version [0-9.]+ is too (?:new|old)\b/.test(error.engineMessage);
