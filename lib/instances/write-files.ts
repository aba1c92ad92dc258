import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import type { Logger } from '../../interfaces/index.js';
import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { isBadRequest, isNotFound } from '../engine/index.js';
import { readAll } from '../streams/index.js';
import type { ExistingFile, FileToWrite, InstanceFiles } from './instance-files.js';

/** Bytes that a file of the image may have which is read to be changed. */
const largestChangedFile = 1024 * 1024;

/**
 * Writes an instance's files into its container, which has not been started, as one archive. Nothing is asked of the engine when there is
 * nothing to write.
 */
export async function writeFiles(
  engine: Engine,
  container: ContainerRef,
  files: InstanceFiles,
  logger: Logger,
): Promise<void> {
  const writing = [...files.write];
  for (const { path, change } of files.change) {
    const changed = change(await readFile(engine, container, path));
    if (changed.length === 0)
      logger.warn(`the image has no usable /${path}: it stays as it is`, { container });
    writing.push(...changed);
  }
  if (writing.length === 0) return;
  const archive = archiveOf(writing);
  await engine.files
    .putArchive(container, { path: '/', archive, noOverwriteDirNonDir: true })
    .catch((error: unknown) => {
      if (!isBadRequest(error)) throw error;
      throw new InvalidInput(`The files cannot be written: ${error.engineMessage}`, { cause: error });
    });
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

/** Reads a small file of a container; undefined when it is not there or no regular file. */
async function readFile(
  engine: Engine,
  container: ContainerRef,
  path: string,
): Promise<ExistingFile | undefined> {
  const archive = await engine.files.getArchive(container, { path: `/${path}` }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (archive === undefined) return undefined;
  const entries = extract();
  const [found] = await Promise.all([regularFile(entries), pipeline(archive, entries)]);
  return found;
}

async function regularFile(entries: ReturnType<typeof extract>): Promise<ExistingFile | undefined> {
  let found: ExistingFile | undefined;
  for await (const entry of entries) {
    const contents = await readAll(entry, largestChangedFile);
    const { type, mode, uid, gid } = entry.header;
    if (type === 'file') found = { contents, mode, uid, gid };
  }
  return found;
}
