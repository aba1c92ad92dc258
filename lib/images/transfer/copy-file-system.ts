import { Readable } from 'node:stream';
import type { LongRunningOptions } from '../../../interfaces/index.js';
import { InstanceNotRescuable } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../engine/index.js';
import { archiveReadAhead, gathered } from '../../streams/index.js';
import { ArchiveRefused, ByteBudget, endOfArchive, headersBelow, plainPath } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { entriesOf } from './layer-content.js';
import { isBeneath } from './selected-files.js';

/** A container's file system, and the folder of another container of the same engine where it is to appear. */
interface FileSystemCopy extends LongRunningOptions {
  readonly engine: Engine;
  /** The container to copy, which must not run. */
  readonly from: ContainerRef;
  /** The container that gets the copy, which must not run. */
  readonly to: ContainerRef;
  /** An empty folder of it, as an absolute path. */
  readonly folder: string;
  /**
   * What lies in volumes, by paths without a slash before them: these files are not copied, because the folder has the
   * volumes themselves there.
   */
  readonly volumes: ReadonlySet<string>;
  /** Bytes that the files may have. */
  readonly limit: number;
}

/**
 * Copies all of a container's files below a folder of another one: owners, modes, times, links, devices and the
 * extended attributes that engines archive (`security.capability`, no others). One stream, from the engine through the
 * driver to the engine; nothing is put down in between.
 *
 * @throws InstanceNotRescuable when the engine's archive cannot be read, or has more than the limit; what the engine fails with; the signal's reason when
 * that aborts.
 */
export async function copyFileSystem(copy: FileSystemCopy): Promise<void> {
  const { engine, from, to, signal } = copy;
  const source = await engine.files.exportAll(from, { signal });
  const archive = Readable.from(gathered(copied(copy, source)), {
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
    source.destroy();
  }
}

async function* copied(
  { folder, volumes, limit, onProgress }: FileSystemCopy,
  source: Readable,
): AsyncGenerator<Buffer, void, void> {
  const meter = new Meter(onProgress, 'transferring');
  const budget = new ByteBudget(limit);
  for await (const { entry, content } of entriesOf(source)) {
    if (entry.path === '' || isBeneath(entry.path, volumes)) continue;
    budget.spend(entry.size);
    // Unpacked from the root: engine 20.10, unpacking in a folder, looks for the target of a hard link from the root
    // when it sets the mode, does not find it, and the file loses its set-user-id bit to the change of owner before.
    yield headersBelow(plainPath(folder), entry);
    for await (const piece of content) {
      meter.add(piece.length);
      yield piece;
    }
  }
  meter.end();
  yield endOfArchive;
}
