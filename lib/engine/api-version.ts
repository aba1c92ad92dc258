import { engineWords } from './engine-words.js';
import { EngineProtocolError, EngineVersionUnsupported, isBadRequest } from './errors.js';
import type { VersionAnswer } from './schemas/system.js';

/*
 * The API versions that this client supports.
 *
 * The oldest is 1.40 (engine 19.03), the last one before 20.10; every request here was checked against 20.10. Later
 * features are optional, or `schemas/` accepts their absence:
 * - 1.41: one-shot stats.
 * - 1.44: the MAC address of an endpoint, at the creation of a container.
 * - 1.48: the priority of a gateway, networks without IPv4, annotations of images in containerd's store.
 * - 1.54: the MAC address of an endpoint, also when a container is connected later.
 * - 1.55: an update changes the rates of block devices.
 *
 * The newest is the last one with answers on record (`fixtures/answers/`). The tests run engines that speak up to 1.51.
 * Newer engines speak older versions, too: 29.0 to 29.2 from 1.44 on, later ones from 1.40 on.
 */
const oldest = '1.40';
const newest = '1.55';

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
