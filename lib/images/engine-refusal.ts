import { ImageUnacceptable } from '../../interfaces/index.js';
import { EngineError } from '../engine/index.js';

/**
 * What engines say of an archive that none of them could load (20.10, 28.5 and 28.5 with the containerd store, each
 * tried). Their words for what a host lacks are without number, and some ("invalid argument", "file name too long",
 * "operation not supported") depend on its file system.
 */
const faults = [
  /invalid tar header/,
  /unexpected EOF/,
  /unhandled tar header type/,
  /duplicates of file paths not supported/,
  /invalid (entry name|hardlink target|whiteout entry|diffID)/,
  // Of the configuration: all else that is JSON we have written.
  /^json: cannot unmarshal /,
  /^invalid character .* exceeded max depth/,
  /path escapes from parent/,
  /too many levels of symbolic links/,
  // "too many links" alone is also what a file system says that can give a file no further name.
  /failed to get root path: too many links/,
  /^(Error processing tar file\(exit status 1\): |apply layer error for .*: )?link(at)? .*: no such file or directory/,
];

/**
 * Tells an archive that is at fault from an engine that is. Nova tries no other host for an image that is unacceptable,
 * so what is not known for certain is the engine's fault.
 *
 * @returns ImageUnacceptable in place of the engine's error when it is about the archive, else the error as it is.
 */
export function refusedByEngine(image_id: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage } = error;
  if (!faults.some((fault) => fault.test(engineMessage))) return error;
  return new ImageUnacceptable(`Image ${image_id} is refused by the engine: ${engineMessage}`, {
    cause: error,
  });
}
