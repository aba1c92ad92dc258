import { ImageUnacceptable, InvalidInput, ComputeResourcesUnavailable } from '../../interfaces/index.js';
import { EngineError, isBadRequest } from '../engine/index.js';

/**
 * Messages of engines and runc about a container that no host can run because of its image: its command, working
 * directory, volumes, environment or user (at creation or start, status 400 or 500, 20.10 to 28.5). The container's
 * files are below `merged`; in the containerd store they are below `rootfs`, the snapshotter and the container's id.
 */
const faults =
  /no command specified|working directory .* is invalid|cwd must be an absolute path|\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\/.*: not a directory|cannot mkdir: .* is not a directory|too many links in .*\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\/|mount volume over existing file|invalid environment variable|environment variable name can't be empty|unable to find (user|group)|uids and gids must be in range/i;

/** The mount point of a mount that failed. */
const place = /to rootfs at "([^"]*)"/;
/**
 * Why no host can mount anything there: the image has a file or a loop of links, or every container has a kernel file
 * system there.
 */
const noPlace = /not a directory|too many levels of symbolic links|cannot be mounted because it is/i;
/**
 * Volumes at these places hide files that every program needs. The resulting failure (400) does not mention the volume.
 */
const unusableVolumes: ReadonlySet<string> = new Set(['/', '/dev']);

/** Mount points of a container. */
interface MountPlaces {
  /** Mount points that the instance's user chose. */
  readonly wanted: readonly string[];
  /** All known mount points; those that the user did not choose come from the image. */
  readonly all: readonly string[];
}

/**
 * Attributes a failed launch to the instance's user, to the image or to the host.
 *
 * @returns InvalidInput or ImageUnacceptable if the launch would fail on every host; otherwise the error itself.
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
 * Attributes a failed launch to the image or to the host.
 *
 * @returns ImageUnacceptable if the image would fail on every host; otherwise the error itself.
 */
function blamedOnImage(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  // A start fails with 400 when the image lacks the command or it is not executable, and when a mount fails.
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
 * Messages of engines about a specification that every engine refuses, whatever its host (400; each tested on 20.10 and
 * 28.5).
 */
const engineRefusals =
  /minimum memory(swap)? limit|CPU cfs (period|quota)|CPU shares|duplicate mount point|mount path must be absolute|destination can't be|invalid (MAC|IPv[46]) address|contain the IP address|invalid signal/i;

/**
 * Attributes a refusal to create a container (400) to the image, the user or the host. An engine refuses a malformed
 * specification, but also what its host lacks: a directory to mount, processors, a runtime, a log driver. Nova tries no
 * other host after InvalidInput, so an unknown refusal counts as the host's.
 *
 * @returns ImageUnacceptable, InvalidInput or ComputeResourcesUnavailable to throw instead.
 */
export function refusedContainer(error: EngineError): unknown {
  const blamed = blamedOnImage(error);
  if (blamed !== error) return blamed;
  const { engineMessage } = error;
  return engineRefusals.test(engineMessage)
    ? new InvalidInput(`No engine can create this container: ${engineMessage}`, { cause: error })
    : new ComputeResourcesUnavailable(
        `The engine of this host cannot create this container: ${engineMessage}`,
        {
          cause: error,
        },
      );
}
