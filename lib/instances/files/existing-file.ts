import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../engine/index.js';
import { EngineError, engineWords, isNotFound } from '../../engine/index.js';
import { readAll, TooLarge } from '../../streams/index.js';
import type { ExistingFile } from './files-to-write.js';

/** Maximum size in bytes of a file that is read to be changed. */
const maxChangedFileBytes = 1024 * 1024;

/**
 * Maximum number of links to follow. The engine resolves a chain of links in one step, so one is enough; but a running
 * container may replace the target with another link meanwhile.
 */
const maxLinks = 8;

/** Where the engine mounts the kernel's file systems over the image's directories. */
const kernelFolder = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** A path of a container, resolved. */
interface Found {
  /** The path with links resolved, relative to the container's root. */
  readonly path: string;
  readonly isLinked: boolean;
  readonly isThere: boolean;
}

/** What exists at a path. */
type Seen = 'directory' | ExistingFile | undefined;

/**
 * Finds and reads a small file of a container. It follows symbolic links within the container's root.
 *
 * @param path - relative to the container's root.
 * @returns the resolved path and the file; `existing` is undefined when the file does not exist.
 * @throws ImageUnacceptable when the path leads to something other than a regular file, to a file that is too large, or
 * nowhere.
 */
export async function findFile(
  engine: Engine,
  container: ContainerRef,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Found & { readonly existing: ExistingFile | undefined }> {
  const { seen, ...found } = await find(engine, container, path, signal);
  if (seen === 'directory') throw new ImageUnacceptable(`The image's /${path} is a directory, not a file`);
  return { ...found, existing: seen };
}

/**
 * Finds a folder of a container. It follows symbolic links within the container's root.
 *
 * @throws ImageUnacceptable when the path leads to something other than a folder, or nowhere.
 */
export async function findFolder(
  engine: Engine,
  container: ContainerRef,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { seen, ...found } = await find(engine, container, path, signal);
  if (typeof seen === 'object')
    throw new ImageUnacceptable(`The image's /${path} is a file, not a directory`);
  return found;
}

async function find(
  engine: Engine,
  container: ContainerRef,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Found & { readonly seen: Seen }> {
  let at = `/${path}`;
  try {
    for (let links = 0; links <= maxLinks; links += 1) {
      const step = await look(engine, container, at, signal);
      if (typeof step !== 'string')
        return { path: at.slice(1), isLinked: links > 0, isThere: step.seen !== undefined, seen: step.seen };
      at = step;
      if (kernelFolder.test(at))
        throw new ImageUnacceptable(
          `The image's /${path} leads to ${at}, which is in a file system of the kernel`,
        );
    }
  } catch (error) {
    if (error instanceof TooLarge)
      throw new ImageUnacceptable(`The image's /${path} has ${error.message}: it cannot be changed`, {
        cause: error,
      });
    if (error instanceof EngineError && engineWords.noSuchPlace.test(error.engineMessage))
      throw new ImageUnacceptable(`The image's /${path} cannot be read: ${error.engineMessage}`, {
        cause: error,
      });
    throw error;
  }
  throw new ImageUnacceptable(`The image's /${path} leads through more than ${maxLinks} symbolic links`);
}

/** What exists at a path, or the target of the link there. */
type Step = { readonly seen: Seen } | string;

/** Reads what is at a path, without following a link. */
async function look(
  engine: Engine,
  container: ContainerRef,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Step> {
  try {
    const { archive, linkTarget } = await engine.files.getPath(container, { path, signal });
    return await firstEntry(engine, path, archive, linkTarget, signal);
  } catch (error) {
    if (isNotFound(error)) return { seen: undefined };
    throw error;
  }
}

/** The first entry of an archive is the requested file or folder; a folder's contents follow it. */
async function firstEntry(
  engine: Engine,
  path: string,
  archive: Readable,
  linkTarget: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Step> {
  const entries = extract();
  const reading = pipeline(archive, entries);
  // The loop may end early and destroy the stream; any other error of the pipeline reaches the loop as well.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const { type, mode, uid, gid } = entry.header;
    if (type === 'directory') return { seen: type };
    if (type === 'symlink' && linkTarget !== undefined) return linkTarget;
    if (type !== 'file')
      throw new ImageUnacceptable(`The image's ${path} is a ${type}: it cannot be changed`);
    const contents = await readAll(entry, maxChangedFileBytes);
    const mapping = await engine.system.idMapping({ signal });
    return { seen: { contents, mode, uid: mapping?.uid(uid) ?? uid, gid: mapping?.gid(gid) ?? gid } };
  }
  return { seen: undefined };
}
