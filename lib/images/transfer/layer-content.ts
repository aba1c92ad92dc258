import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { ContainerRef, Engine } from '../../engine/index.js';
import {
  ArchiveRefused,
  blockSize,
  ByteBudget,
  emptyFile,
  endOfArchive,
  FileSystemReader,
  headersAt,
  neverCompressed,
  withTranslatedOwners,
  type FileSystemEntry,
  type OwnerMapping,
} from '../../archives/index.js';
import type { SelectedFiles } from './selected-files.js';
import { folderOf, isBeneath } from './selected-files.js';

/** A stopped container whose files will become a layer. */
export interface LayerSource {
  readonly engine: Engine;
  readonly container: ContainerRef;
  /** The files to include. The caller may add files, see {@link LayerContent.missing}. */
  readonly selected: SelectedFiles;
  /**
   * Paths of anonymous volumes, without a leading slash. A volume cannot be moved, but the engine fills a new volume
   * with the image's files at its path.
   */
  readonly volumes: readonly string[];
  /** Maximum size of the layer's files in bytes, without those of volumes. See {@link copiedBytes}. */
  readonly maxBytes: number;
  /** Maximum size of the volumes' files in bytes. */
  readonly maxVolumeBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** OCI whiteouts: the first marks a deleted file of the layers below, the second a folder without their content. */
const goneMark = '.wh.';
const opaqueMark = '.wh..wh..opq';

/**
 * The content of a layer: a container's files as the engine archives them, the files of its volumes at their paths, and
 * whiteouts.
 */
export class LayerContent {
  readonly #source: LayerSource;
  readonly #volumes: ReadonlySet<string>;
  /** Deleted paths and their parents: what the archive shows of them decides which whiteouts the layer needs. */
  readonly #watched: ReadonlySet<string>;
  readonly #kinds = new Map<string, FileSystemEntry['kind']>();
  readonly #missing = new Set<string>();

  constructor(source: LayerSource) {
    this.#source = source;
    this.#volumes = new Set(source.volumes);
    const { deleted } = source.selected;
    this.#watched = new Set([...deleted, ...[...deleted].map(folderOf)]);
  }

  /**
   * Targets of hard links that the layer lacks, once its content has been read. A layer cannot link to a file in a
   * layer below.
   */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /**
   * Generates the layer as a tar archive; the same bytes on every call for an unchanged container.
   *
   * @throws ArchiveRefused when a file of the container cannot be in a layer.
   * @throws the engine's error.
   */
  bytes(): AsyncGenerator<Buffer, void, void> {
    return neverCompressed(this.#entries());
  }

  async *#entries(): AsyncGenerator<Buffer, void, void> {
    const { engine, container, volumes, maxBytes, maxVolumeBytes, signal } = this.#source;
    yield* this.#files(await engine.files.exportAll(container, { signal }), new ByteBudget(maxBytes));
    const budget = new ByteBudget(maxVolumeBytes, 'has volumes that are larger');
    for (const volume of volumes) {
      const owners = await engine.system.idMapping({ signal });
      const archive = await engine.files.getArchive(container, { path: `/${volume}/.`, signal });
      yield* this.#volume(volume, entriesOf(archive, owners), budget);
    }
    yield* this.#deletions();
    yield endOfArchive;
  }

  async *#files(archive: Readable, budget: ByteBudget): AsyncGenerator<Buffer, void, void> {
    const { selected } = this.#source;
    for await (const { entry, content } of entriesOf(archive)) {
      const { path, kind, target } = entry;
      if (this.#watched.has(path)) this.#kinds.set(path, kind);
      if (!this.#isWanted(path)) continue;
      validateNotWhiteout(path);
      if (kind === 'hard link' && !this.#isWanted(target)) this.#missing.add(target);
      budget.spend(copiedBytes(entry));
      yield entry.headers;
      yield* content;
      if (kind === 'directory' && selected.deleted.has(path)) yield emptyFile(`${path}/${opaqueMark}`);
    }
  }

  async *#volume(
    folder: string,
    entries: AsyncIterable<ReadEntry>,
    budget: ByteBudget,
  ): AsyncGenerator<Buffer, void, void> {
    for await (const { entry, content } of entries) {
      const { path, kind, target } = entry;
      const at = posix.join(folder, path);
      const linked = kind === 'hard link' ? posix.join(folder, target) : target;
      validateNotWhiteout(path);
      budget.spend(copiedBytes(entry));
      // Decoding has replaced invalid bytes, so writing the name would change it.
      if (`${at}${linked}`.includes('\uFFFD'))
        throw new ArchiveRefused(`holds a name that is not UTF-8, in the volume /${folder}`);
      yield headersAt(at, linked, entry);
      yield* content;
      if (path === '') yield emptyFile(`${folder}/${opaqueMark}`);
    }
  }

  *#deletions(): Generator<Buffer, void, void> {
    for (const path of this.#source.selected.deleted) {
      const folder = folderOf(path);
      // A parent that is deleted or no longer a folder already hides the file.
      const isThere = folder === '' || this.#kinds.get(folder) === 'directory';
      if (isThere && !this.#kinds.has(path) && !isBeneath(folder, this.#volumes))
        yield emptyFile(posix.join(folder, `${goneMark}${posix.basename(path)}`));
    }
  }

  #isWanted(path: string): boolean {
    const { selected } = this.#source;
    if (path === '' || !selected.has(path)) return false;
    // The volume's own archive contains its folder: engines refuse a layer that has a path twice.
    return selected.isLinked(path) || !isBeneath(path, this.#volumes);
  }
}

/** How many bytes an entry counts in a copy: at least its header, so that the number of empty files is bounded, too. */
export function copiedBytes({ size }: Pick<FileSystemEntry, 'size'>): number {
  return Math.max(size, blockSize);
}

/** @throws ArchiveRefused for a file name that an engine would interpret as a whiteout. */
export function validateNotWhiteout(path: string): void {
  if (isMark(path)) throw new ArchiveRefused(`holds /${path}, whose name is reserved for whiteouts`);
}

/** Whether an engine would interpret the file name as a whiteout. */
export function isMark(path: string): boolean {
  return posix.basename(path).startsWith(goneMark);
}

/** An entry of an archive. Its content must be read before the next entry is requested. */
interface ReadEntry {
  readonly entry: FileSystemEntry;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * Iterates over the entries of an archive; always destroys the archive.
 *
 * @param owners - maps the users and groups of the entries. Default: unchanged.
 */
export async function* entriesOf(
  archive: Readable,
  owners?: OwnerMapping,
): AsyncGenerator<ReadEntry, void, void> {
  const reader = new FileSystemReader(archive);
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      const translated = owners === undefined ? entry : withTranslatedOwners(entry, owners);
      yield { entry: translated, content: reader.content() };
    }
  } finally {
    await reader.close();
    archive.destroy();
  }
}
