import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { ContainerRef, Engine } from '../../engine/index.js';
import {
  ArchiveRefused,
  ByteBudget,
  emptyFile,
  endOfArchive,
  FileSystemReader,
  headersAt,
  withTranslatedOwners,
  type FileSystemEntry,
  type OwnerMapping,
} from '../../archives/index.js';
import type { SelectedFiles } from './selected-files.js';
import { folderOf, isBeneath } from './selected-files.js';

/** A container whose files are to become a layer. It must not run. */
export interface LayerSource {
  readonly engine: Engine;
  readonly container: ContainerRef;
  /** Which of its files; may get more, see {@link LayerContent.missing}. */
  readonly selected: SelectedFiles;
  /**
   * Folders that lie in volumes of its own: a volume cannot travel, but a new one is filled with what the image has in
   * its place.
   */
  readonly volumes: readonly string[];
  /** Bytes that the layer's files may have. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How a layer says that a file of the layers below is gone, and that a folder has nothing of theirs. See the OCI image
 * specification.
 */
const goneMark = '.wh.';
const opaqueMark = '.wh..wh..opq';

/**
 * The content of a layer: a container's files as the engine packs them, those of its volumes in their places, and what
 * is gone.
 */
export class LayerContent {
  readonly #source: LayerSource;
  readonly #volumes: ReadonlySet<string>;
  /** What is needed to tell what is gone: which of the deleted are there again, and which folders are. */
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
   * Once the content has been read: files that it has hard links to and that are not in it. A layer cannot link to what
   * lies below it.
   */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /**
   * The layer as a tar archive. The same container gives the same bytes each time.
   *
   * @throws ArchiveRefused when something in the container cannot be in a layer; whatever the engine fails with.
   */
  async *bytes(): AsyncGenerator<Buffer, void, void> {
    const { engine, container, volumes, limit, signal } = this.#source;
    const budget = new ByteBudget(limit);
    yield* this.#files(await engine.files.exportAll(container, { signal }), budget);
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
      mustBeNoMark(path);
      if (kind === 'hard link' && !this.#isWanted(target)) this.#missing.add(target);
      budget.spend(entry.size);
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
      mustBeNoMark(path);
      budget.spend(entry.size);
      // What is not text here would be another name there.
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
      // In a folder that is gone, or has become a file, nothing is left to be said.
      const isThere = folder === '' || this.#kinds.get(folder) === 'directory';
      if (isThere && !this.#kinds.has(path) && !isBeneath(folder, this.#volumes))
        yield emptyFile(posix.join(folder, `${goneMark}${posix.basename(path)}`));
    }
  }

  #isWanted(path: string): boolean {
    const { selected } = this.#source;
    if (path === '' || !selected.has(path)) return false;
    // The folder itself comes with what is in the volume: engines refuse a layer that has a path twice.
    return selected.isLinked(path) || !isBeneath(path, this.#volumes);
  }
}

/** @throws ArchiveRefused for a file that an engine would take for a mark of ours. */
export function mustBeNoMark(path: string): void {
  if (posix.basename(path).startsWith(goneMark))
    throw new ArchiveRefused(`holds /${path}, whose name engines keep for themselves`);
}

/** An entry of an archive, and its content, which must be read before the next one is asked for. */
interface ReadEntry {
  readonly entry: FileSystemEntry;
  readonly content: AsyncIterable<Buffer>;
}

/**
 * The entries of an archive, which is destroyed in any case.
 *
 * @param owners - what the users and groups in it are to be; default: as they are.
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
