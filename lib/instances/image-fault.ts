import { ImageUnacceptable } from '../../interfaces/index.js';
import { EngineError, isBadRequest } from '../engine/index.js';

/**
 * What engines, and runc behind them, say of a container that its image makes impossible on whatever host: of its command, its working directory, its
 * environment and its user, at creation or at the start (20.10 to 28.5, with status 400 or 500).
 */
const faults =
  /no command specified|working directory .* is invalid|cwd must be an absolute path|\/merged\/.*: not a directory|invalid environment variable|environment variable name can't be empty|unable to find (user|group)|uids and gids must be in range/i;

/**
 * Tells the failure of a launch that is the image's fault from those of the host.
 *
 * @returns ImageUnacceptable in place of the engine's error when no other host could do better, else the error as it is.
 */
export function blamedOnImage(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  // A start is answered with 400 when the command is not in the image or cannot be executed, and for nothing else.
  const cannotRun = isBadRequest(error) && error.request.path.endsWith('/start');
  if (!cannotRun && !faults.test(error.engineMessage)) return error;
  const advice = /no command/i.test(error.engineMessage)
    ? ': it has no command, set its property os_command_line'
    : `: ${error.engineMessage}`;
  return new ImageUnacceptable(`The image cannot be run${advice}`, { cause: error });
}
