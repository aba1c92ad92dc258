import { Readable } from 'node:stream';
import type { LongRunningOptions } from '../../../interfaces/index.js';
import { InstanceNotRescuable } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../engine/index.js';
import { archiveReadAhead, gathered } from '../../streams/index.js';
import { ArchiveRefused, ByteBudget, endOfArchive, headersBelow, plainPath } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { copiedBytes, entriesOf } from './layer-content.js';
import { isBeneath } from './selected-files.js';

/** The files of a container to copy into a folder. */
interface CopiedFiles extends LongRunningOptions {
  readonly engine: Engine;
  /** The container to copy. */
  readonly from: ContainerRef;
  /** Absolute path of the folder. */
  readonly folder: string;
  /**
   * Paths, without a leading slash, whose files are not copied: volumes, which are mounted below the folder themselves.
   */
  readonly excludedPaths: ReadonlySet<string>;
  /** Maximum size of the files in bytes, see `copiedBytes`. */
  readonly maxBytes: number;
}

/**
 * A container's file system, and an empty folder in another container of the same engine to copy it to. Both containers
 * must be stopped.
 */
interface FileSystemCopy extends CopiedFiles {
  /** The container that receives the copy. */
  readonly to: ContainerRef;
}

/**
 * Copies all of a container's files into a folder of another container: owners, modes, times, links, devices and the
 * extended attributes that engines archive (`security.capability` only). One stream runs from the engine through the
 * driver back to the engine; nothing is stored in between.
 *
 * @throws InstanceNotRescuable when the engine's archive is malformed or exceeds the limit.
 * @throws the engine's error, or the signal's reason when the signal aborts.
 */
export async function copyFileSystem(copy: FileSystemCopy): Promise<void> {
  const { engine, from, to, signal } = copy;
  const archive = Readable.from(gathered(filesInFolder(copy)), {
    objectMode: false,
    highWaterMark: archiveReadAhead,
  });
  try {
    await engine.files.putArchive(to, { path: '/', archive, signal });
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new InstanceNotRescuable(`The file system of container ${from} ${error.message}`, { cause: error });
  } finally {
    archive.destroy();
  }
}

/**
 * Generates the archive of a copy.
 *
 * @throws ArchiveRefused when a file cannot be copied, or the files exceed the limit.
 * @throws the engine's error.
 */
export async function* filesInFolder({
  engine,
  from,
  folder,
  excludedPaths,
  maxBytes,
  signal,
  onProgress,
}: CopiedFiles): AsyncGenerator<Buffer, void, void> {
  const source = await engine.files.exportAll(from, { signal });
  const meter = new Meter(onProgress, 'transferring');
  const budget = new ByteBudget(maxBytes);
  for await (const { entry, content } of entriesOf(source)) {
    if (entry.path === '' || isBeneath(entry.path, excludedPaths)) continue;
    budget.spend(copiedBytes(entry));
    // Unpack at the root: engine 20.10, unpacking in a folder, still resolves hard links from the root when it sets the
    // mode. It misses the target, so the set-user-id bit, which the change of owner has cleared, stays lost.
    yield headersBelow(plainPath(folder), entry);
    for await (const piece of content) {
      meter.add(piece.length);
      yield piece;
    }
  }
  meter.end();
  yield endOfArchive;
}
