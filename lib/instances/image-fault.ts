import { ImageUnacceptable, InvalidInput, ComputeResourcesUnavailable } from '../../interfaces/index.js';
import { EngineError, isBadRequest } from '../engine/index.js';

/**
 * What engines, and runc behind them, say of a container that its image makes impossible on whatever host: of its
 * command, its working directory, its volumes, its environment and its user, at creation or at the start (20.10 to
 * 28.5, with status 400 or 500). The container's files are below `merged`, those of the containerd store below
 * `rootfs`, the snapshotter and the container's id.
 */
const faults =
  /no command specified|working directory .* is invalid|cwd must be an absolute path|\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\/.*: not a directory|cannot mkdir: .* is not a directory|too many links in .*\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\/|mount volume over existing file|invalid environment variable|environment variable name can't be empty|unable to find (user|group)|uids and gids must be in range/i;

/** Where something could not be mounted. */
const place = /to rootfs at "([^"]*)"/;
/**
 * Why no host can mount anything there: there is a file, a loop of links, or what the kernel has in every container.
 */
const noPlace = /not a directory|too many levels of symbolic links|cannot be mounted because it is/i;
/** Volumes that leave a container without what every program needs; what it then fails with (400) does not tell why. */
const unusableVolumes: ReadonlySet<string> = new Set(['/', '/dev']);

/** Where file systems are mounted in a container. */
interface MountPlaces {
  /** Those that whoever wants the instance has chosen. */
  readonly wanted: readonly string[];
  /** All, as far as they are known: the others are its image's. */
  readonly all: readonly string[];
}

/**
 * Tells the failure of a launch that whoever wants the instance is to blame for from those of the image, and of the
 * host.
 *
 * @returns InvalidInput or ImageUnacceptable in place of the engine's error when no other host could do better, else
 * the error as it is.
 */
export function launchFailure(error: unknown, { wanted, all }: MountPlaces): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage: why } = error;
  const at = place.exec(why)?.[1];
  if (at !== undefined && wanted.includes(at))
    return noPlace.test(why)
      ? new InvalidInput(`Nothing can be mounted at ${at} in this image: ${why}`, { cause: error })
      : error;
  if (at !== undefined && noPlace.test(why))
    return unusable(`: nothing can be mounted at ${at}, where it has a volume: ${why}`, error);
  const volume = all.find((each) => unusableVolumes.has(each) && !wanted.includes(each));
  return volume !== undefined && isBadRequest(error)
    ? unusable(`: it has a volume at ${volume}: ${why}`, error)
    : blamedOnImage(error);
}

/**
 * Tells the failure of a launch that is the image's fault from those of the host.
 *
 * @returns ImageUnacceptable in place of the engine's error when no other host could do better, else the error as it
 * is.
 */
export function blamedOnImage(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  // A start is answered with 400 when the command is not in the image or cannot be executed, and when something cannot
  // be mounted.
  const cannotRun = isBadRequest(error) && error.request.path.endsWith('/start');
  if (!cannotRun && !faults.test(error.engineMessage)) return error;
  return unusable(
    /no command/i.test(error.engineMessage)
      ? ': it has no command, set its property os_command_line'
      : `: ${error.engineMessage}`,
    error,
  );
}

function unusable(why: string, cause: EngineError): ImageUnacceptable {
  return new ImageUnacceptable(`The image cannot be run${why}`, { cause });
}

/**
 * What engines say of a container that none of them could make, whatever its host has (400, 20.10 and 28.5, each
 * tried).
 */
const engineRefusals =
  /minimum memory(swap)? limit|CPU cfs (period|quota)|CPU shares|duplicate mount point|mount path must be absolute|destination can't be|invalid (MAC|IPv[46]) address|contain the IP address|invalid signal/i;

/**
 * Tells what an engine refuses to create (400) by whose fault it is. An engine refuses what makes no sense, and also
 * what its host does not have: a directory to mount, processors, a runtime, a driver for logs. Nova tries no other host
 * for input that is invalid, so what is not known for certain is the host's.
 *
 * @returns ImageUnacceptable, InvalidInput or ComputeResourcesUnavailable in place of the engine's error.
 */
export function refusedContainer(error: EngineError): unknown {
  const blamed = blamedOnImage(error);
  if (blamed !== error) return blamed;
  const { engineMessage } = error;
  return engineRefusals.test(engineMessage)
    ? new InvalidInput(`No engine can make such a container: ${engineMessage}`, { cause: error })
    : new ComputeResourcesUnavailable(
        `The engine of this host can make no such container: ${engineMessage}`,
        {
          cause: error,
        },
      );
}
