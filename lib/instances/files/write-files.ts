import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Logger } from '../../../interfaces/index.js';
import { ImageUnacceptable, InvalidInput } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../engine/index.js';
import { EngineError, engineWords, isBadRequest } from '../../engine/index.js';
import { findFile, findFolder } from './existing-file.js';
import type { FileToChange, FileToWrite, InstanceFiles } from './files-to-write.js';

/**
 * Writes an instance's files into its container as one archive. Without files it sends no request to the engine.
 *
 * @param signal - counts until the archive is sent: an abort must not leave half of the files.
 * @throws InvalidInput when the image has no place for an injected file.
 * @throws ImageUnacceptable when the image has no place for another file, or the image's file cannot be changed.
 */
export async function writeFiles(
  engine: Engine,
  container: ContainerRef,
  files: InstanceFiles,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> {
  const writing = [...files.write];
  for (const file of files.change) {
    const changed = await changedFile(engine, container, file, signal);
    if (changed.length === 0)
      logger.warn(`left /${file.path} of the image unchanged: it cannot be edited`, { container });
    writing.push(...changed);
  }
  if (writing.length === 0) return;
  signal?.throwIfAborted();
  const archive = archiveOf(writing);
  await engine.files
    .putArchive(container, { path: '/', archive, noOverwriteDirNonDir: true })
    .catch((error: unknown) => {
      throw refusal(error, files);
    });
}

/** The files to write for one change; empty when the image's file is not usable. */
async function changedFile(
  engine: Engine,
  container: ContainerRef,
  { path, folderMode, change }: FileToChange,
  signal: AbortSignal | undefined,
): Promise<FileToWrite[]> {
  if (folderMode === undefined) {
    const found = await findFile(engine, container, path, signal);
    const changed = change(found.existing);
    return changed === undefined ? [] : [{ ...changed, path: found.path }];
  }
  const folder = await findFolder(engine, container, posix.dirname(path), signal);
  const at = posix.join(folder.path, posix.basename(path));
  const found = folder.isThere
    ? await findFile(engine, container, at, signal)
    : { path: at, existing: undefined };
  const changed = change(found.existing);
  if (changed === undefined) return [];
  const file = { ...changed, path: found.path };
  // The image has a link here: its target may serve others too, so the folder keeps its mode.
  return folder.isLinked && folder.isThere
    ? [file]
    : [{ path: folder.path, mode: folderMode, uid: 0, gid: 0 }, file];
}

/**
 * Attributes a failed write to the user's injected files or to the image: every valid image has a place for the other
 * files.
 */
function refusal(error: unknown, { write }: InstanceFiles): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage: why } = error;
  if (!isBadRequest(error) && !engineWords.noSuchPlace.test(why)) return error;
  const injected = write.find(({ path, isInjected }) => isInjected === true && isNamed(path, why));
  return injected !== undefined || isBadRequest(error)
    ? new InvalidInput(`The injected files cannot be written into this image: ${why}`, { cause: error })
    : new ImageUnacceptable(`The files of the instance have no place in the image: ${why}`, { cause: error });
}

/** Whether an engine's message names a path or one of its parent folders. */
function isNamed(path: string, message: string): boolean {
  for (let part = path; part !== '.'; part = posix.dirname(part))
    if (
      [' ', ' /', '"', '"/'].some((before) =>
        message.includes(`${before}${part}${before.startsWith('"') ? '"' : ':'}`),
      )
    )
      return true;
  return false;
}

function archiveOf(files: readonly FileToWrite[]): Readable {
  const archive = pack();
  for (const { path, contents, mode, uid, gid } of files) {
    if (contents === undefined) archive.entry({ name: path, type: 'directory', mode, uid, gid });
    else archive.entry({ name: path, mode, uid, gid }, contents);
  }
  archive.finalize();
  return Readable.from(archive);
}
