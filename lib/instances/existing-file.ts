import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { EngineError, isNotFound } from '../engine/index.js';
import { readAll, TooLarge } from '../streams/index.js';
import type { ExistingFile } from './files-to-write.js';

/** Bytes that a file of the image may have which is read to be changed. */
const largestChangedFile = 1024 * 1024;

/**
 * Links that are followed. The engine resolves a link to its end, so one is enough; a container that runs may put
 * another one there meanwhile.
 */
const mostLinks = 8;

/**
 * What engines (20.10 and 28.5, with status 500) say of a path that leads through a file, a loop of links or a link
 * out of the container's files, or where a folder is.
 */
export const noSuchPlace =
  /cannot overwrite (non-)?directory|: not a directory|too many (levels of symbolic )?links|file name too long|mkdir .*: file exists|path escapes from parent/i;

/** Where the engine mounts file systems of the kernel over those of the image. */
const kernelFolder = /^\/(?:dev|proc|sys)(?:\/|$)/;

/** What there is at a path of a container. */
interface Found {
  /** Where it is, links followed; relative to the container's root. */
  readonly path: string;
  readonly isLinked: boolean;
  readonly isThere: boolean;
}

/** What a look at a path has shown, if anything is there. */
type Seen = 'directory' | ExistingFile | undefined;

/**
 * Finds and reads a small file of a container. Symbolic links are followed, inside the container's root alone.
 *
 * @param path - relative to the container's root.
 * @returns where the file is, or where it would be: it need not exist.
 * @throws ImageUnacceptable when there is anything but a regular file, it is too large, or its path leads nowhere.
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
 * Finds a folder of a container, in the same way.
 *
 * @throws ImageUnacceptable when there is something else, or its path leads nowhere.
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
    for (let links = 0; links <= mostLinks; links += 1) {
      const step = await look(engine, container, at, signal);
      if (typeof step !== 'string')
        return { path: at.slice(1), isLinked: links > 0, isThere: step.seen !== undefined, seen: step.seen };
      at = step;
      if (kernelFolder.test(at))
        throw new ImageUnacceptable(`The image's /${path} leads to ${at}, which is no place of its own`);
    }
  } catch (error) {
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
  throw new ImageUnacceptable(`The image's /${path} leads through more than ${mostLinks} symbolic links`);
}

/** What is at a path, or where the link leads that is there. */
type Step = { readonly seen: Seen } | string;

/** Looks at a path, not further than the link that may be there. */
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

/** The first entry of an archive is what was asked for: of a folder, all that is in it follows. */
async function firstEntry(
  engine: Engine,
  path: string,
  archive: Readable,
  linkTarget: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Step> {
  const entries = extract();
  const reading = pipeline(archive, entries);
  // It is broken off on purpose, and what else it fails with, the entries fail with too.
  reading.catch(() => undefined);
  for await (const entry of entries) {
    const { type, mode, uid, gid } = entry.header;
    if (type === 'directory') return { seen: type };
    if (type === 'symlink' && linkTarget !== undefined) return linkTarget;
    if (type !== 'file')
      throw new ImageUnacceptable(`The image's ${path} is a ${type}: it cannot be changed`);
    const contents = await readAll(entry, largestChangedFile);
    const mapping = await engine.system.idMapping({ signal });
    return { seen: { contents, mode, uid: mapping?.uid(uid) ?? uid, gid: mapping?.gid(gid) ?? gid } };
  }
  return { seen: undefined };
}
