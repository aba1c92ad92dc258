import { ImageUnacceptable, InvalidInput, ComputeResourcesUnavailable } from '../../../interfaces/index.js';
import { EngineError, engineWords, isBadRequest } from '../../engine/index.js';

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
  const at = engineWords.mountPoint.exec(why)?.[1];
  if (at !== undefined && wanted.includes(at))
    return engineWords.noPlaceForMount.test(why)
      ? new InvalidInput(`Nothing can be mounted at ${at} in this image: ${why}`, { cause: error })
      : error;
  if (at !== undefined && engineWords.noPlaceForMount.test(why))
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
  if (!cannotRun && !engineWords.imageCannotRun.test(error.engineMessage)) return error;
  return unusable(
    engineWords.noCommand.test(error.engineMessage)
      ? ': it has no command, set its property os_command_line'
      : `: ${error.engineMessage}`,
    error,
  );
}

function unusable(why: string, cause: EngineError): ImageUnacceptable {
  return new ImageUnacceptable(`The image cannot be run${why}`, { cause });
}

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
  return engineWords.refusedByAll.test(engineMessage)
    ? new InvalidInput(`No engine can create this container: ${engineMessage}`, { cause: error })
    : new ComputeResourcesUnavailable(
        `The engine of this host cannot create this container: ${engineMessage}`,
        {
          cause: error,
        },
      );
}
