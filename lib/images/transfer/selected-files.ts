import { posix } from 'node:path';
import type { FileChange } from '../../engine/index.js';
import { plainPath } from '../../archives/index.js';

/** Selects the files of a container that go into a layer. */
export class SelectedFiles {
  /** Files of the image that the container has deleted or replaced. */
  readonly deleted: ReadonlySet<string>;
  readonly #all: boolean;
  readonly #paths = new Set<string>();
  readonly #linked = new Set<string>();

  private constructor(all: boolean, deleted: ReadonlySet<string>) {
    this.#all = all;
    this.deleted = deleted;
  }

  /** Selects all files, for a layer without layers below it. */
  static all(): SelectedFiles {
    return new SelectedFiles(true, new Set());
  }

  /** Selects the files that differ from the container's image, for a layer on top of the image's layers. */
  static changed(changes: readonly FileChange[]): SelectedFiles {
    const isDeletion = ({ kind }: FileChange): boolean => kind === 'deleted';
    const deleted = changes.filter(isDeletion).map(({ path }) => plainPath(path));
    const selected = new SelectedFiles(false, new Set(deleted));
    for (const path of deleted) selected.#addFoldersOf(path);
    for (const change of changes) if (!isDeletion(change)) selected.add(plainPath(change.path));
    return selected;
  }

  /**
   * Adds a file and its parent folders. Without the parents in the layer, an unpacking engine would create missing ones
   * with its own owner and mode.
   */
  add(path: string): void {
    this.#paths.add(path);
    this.#addFoldersOf(path);
  }

  /** Adds the target of a hard link. It goes into the layer even when it lies in a volume. */
  addLinked(path: string): void {
    this.add(path);
    this.#linked.add(path);
  }

  has(path: string): boolean {
    return this.#all || this.#paths.has(path) || isBeneath(path, this.deleted);
  }

  isLinked(path: string): boolean {
    return this.#linked.has(path);
  }

  #addFoldersOf(path: string): void {
    for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) this.#paths.add(folder);
  }
}

/** The parent folder of a path; empty for the root. */
export function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}

/** Whether a path is one of these folders or lies inside one. */
export function isBeneath(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let at = path; at !== ''; at = folderOf(at)) if (folders.has(at)) return true;
  return false;
}
