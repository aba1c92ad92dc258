import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import type { Logger } from '../../interfaces/index.js';
import { ImageUnacceptable, InvalidInput } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { EngineError, isBadRequest, isNotFound } from '../engine/index.js';
import { readAll, TooLarge } from '../streams/index.js';
import type { ExistingFile, FileToWrite, InstanceFiles } from './instance-files.js';

/** Bytes that a file of the image may have which is read to be changed. */
const largestChangedFile = 1024 * 1024;

/**
 * What engines (20.10 and 28.5, with status 500) say of a path that leads through a file, a loop of links or a link
 * out of the container's files, or where a folder is.
 */
const noSuchPlace =
  /cannot overwrite (non-)?directory|: not a directory|too many (levels of symbolic )?links|file name too long|mkdir .*: file exists|path escapes from parent/i;

/**
 * Writes an instance's files into its container, which has not been started, as one archive. Nothing is asked of the
 * engine when there is nothing to write.
 *
 * @param signal - counts until the files are sent: a caller that gives up must not leave half of them.
 * @throws InvalidInput when an injected file cannot be where it is to be in this image.
 * @throws ImageUnacceptable when another one cannot, or what is there cannot be changed.
 */
export async function writeFiles(
  engine: Engine,
  container: ContainerRef,
  files: InstanceFiles,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> {
  const writing = [...files.write];
  for (const { path, change } of files.change) {
    const changed = change(await readFile(engine, container, path, signal));
    if (changed.length === 0)
      logger.warn(`the image has no usable /${path}: it stays as it is`, { container });
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

/**
 * Whose fault it is that files cannot be written: the injected ones are the caller's, all others have their places in
 * every image that is sound.
 */
function refusal(error: unknown, { write }: InstanceFiles): unknown {
  if (!(error instanceof EngineError)) return error;
  const { engineMessage: why } = error;
  if (!isBadRequest(error) && !noSuchPlace.test(why)) return error;
  const injected = write.find(({ path, isInjected }) => isInjected === true && isNamed(path, why));
  return injected !== undefined || isBadRequest(error)
    ? new InvalidInput(`The injected files cannot be written into this image: ${why}`, { cause: error })
    : new ImageUnacceptable(`The files of the instance have no place in the image: ${why}`, { cause: error });
}

/** Whether an engine's message is about a path, or one of the folders that lead there. */
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

/**
 * Reads a small file of a container; undefined when it is not there or no regular file.
 *
 * @throws ImageUnacceptable when it is too large, or its path leads nowhere.
 */
async function readFile(
  engine: Engine,
  container: ContainerRef,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ExistingFile | undefined> {
  try {
    const archive = await engine.files.getArchive(container, { path: `/${path}`, signal });
    return await regularFile(archive);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (error instanceof TooLarge)
      throw new ImageUnacceptable(`The image's /${path} has ${error.message}: it cannot be changed`, {
        cause: error,
      });
    if (error instanceof EngineError && noSuchPlace.test(error.engineMessage))
      throw new ImageUnacceptable(`The image's /${path} cannot be read: ${error.engineMessage}`, {
        cause: error,
      });
    throw error;
  }
}

/** The first entry of an archive, which is what was asked for: of a folder, all that is in it follows. */
async function regularFile(archive: Readable): Promise<ExistingFile | undefined> {
  const entries = extract();
  const reading = pipeline(archive, entries);
  // It is broken off on purpose, and what else it fails with, the entries fail with too.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const { type, mode, uid, gid } = entry.header;
    if (type !== 'file') return undefined;
    return { contents: await readAll(entry, largestChangedFile), mode, uid, gid };
  }
  return undefined;
}
