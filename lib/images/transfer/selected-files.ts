import { posix } from 'node:path';
import type { FileChange } from '../../engine/index.js';
import { plainPath } from '../../archives/index.js';

/** Which files of a container go into a layer. */
export class SelectedFiles {
  /** What its image has and the container has not, or has anew. */
  readonly deleted: ReadonlySet<string>;
  readonly #all: boolean;
  readonly #paths = new Set<string>();
  readonly #linked = new Set<string>();

  private constructor(all: boolean, deleted: ReadonlySet<string>) {
    this.#all = all;
    this.deleted = deleted;
  }

  /** The layer stands for itself: everything. */
  static all(): SelectedFiles {
    return new SelectedFiles(true, new Set());
  }

  /** The layer lies upon those of the container's image: what differs from them. */
  static changed(changes: readonly FileChange[]): SelectedFiles {
    const isDeletion = ({ kind }: FileChange): boolean => kind === 'deleted';
    const deleted = changes.filter(isDeletion).map(({ path }) => plainPath(path));
    const selected = new SelectedFiles(false, new Set(deleted));
    for (const path of deleted) selected.#addFoldersOf(path);
    for (const change of changes) if (!isDeletion(change)) selected.add(plainPath(change.path));
    return selected;
  }

  /**
   * Adds a file, and the folders it is in: an engine that unpacks a layer makes folders that it lacks with owners and
   * modes of its own.
   */
  add(path: string): void {
    this.#paths.add(path);
    this.#addFoldersOf(path);
  }

  /**
   * Adds a file that another one is a hard link to. It goes into the layer whatever else is said of the folder it is
   * in.
   */
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

/** The folder that a path is in; empty for the root. */
export function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}

/** Whether a path is one of these or in one of them. */
export function isBeneath(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let at = path; at !== ''; at = folderOf(at)) if (folders.has(at)) return true;
  return false;
}
