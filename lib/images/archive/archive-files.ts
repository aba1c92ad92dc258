import { ArchiveRefused, shown } from './archive-refused.js';
import type { LayerType } from './content-type.js';
import { entryPath, linkTarget } from './entry-path.js';
import type { LayerDigests } from './layer-digest.js';
import type { TarEntry } from './tar-reader.js';

/** A file that can be a layer, and has been passed on. */
export interface LayerFile extends LayerDigests {
  readonly kind: 'layer';
  /** The name that it was passed on under. */
  readonly newName: string;
  /** Bytes as they are. */
  readonly size: number;
  readonly type: LayerType;
}

/** A file that is held in memory until it is known what it is for. */
interface HeldFile {
  readonly kind: 'held';
  readonly content: Buffer;
}

/** A file that cannot be part of an image, and was not passed on. */
interface UselessFile {
  readonly kind: 'useless';
  /** Why, as the rest of a sentence: `is compressed with xz`. */
  readonly because: string;
}

/** What became of a file. */
export type ArchiveFile = LayerFile | HeldFile | UselessFile;

type Place =
  | ArchiveFile
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' }
  /** A file of which it is not known yet what becomes of it. */
  | { readonly kind: 'file' };

/** The paths of an archive, and what is there. */
export class ArchiveFiles {
  readonly #places = new Map<string, Place>();

  /**
   * Takes note of an entry.
   *
   * @returns its path, in one spelling.
   * @throws ArchiveRefused when the path or what it links to lies outside the archive, or the path is taken.
   */
  enter(entry: TarEntry): string {
    const { kind, name, linkname } = entry;
    const path = entryPath(name, 'holds');
    const place = this.#places.get(path);
    if (place !== undefined && !(kind === 'directory' && place.kind === 'directory'))
      throw new ArchiveRefused(`holds ${shown(path)} twice`);
    if (path === '' && kind !== 'directory') throw new ArchiveRefused(`holds a ${kind} without a name`);
    if (kind === 'directory' || kind === 'file') this.#places.set(path, { kind });
    else this.#places.set(path, { kind: 'link', target: linkTarget(kind, path, linkname) });
    return path;
  }

  /** Whether something is at a path. */
  has(path: string): boolean {
    return this.#places.has(path);
  }

  /** Takes note of what became of a file that was entered. */
  put(path: string, file: ArchiveFile): void {
    this.#places.set(path, file);
  }

  /**
   * Finds a file, through links if need be.
   *
   * @param role - what the manifest says that it is, for the message: `configuration`, `layer`.
   * @returns the file and the path that it is really at.
   * @throws ArchiveRefused when there is none.
   */
  find(path: string, role: string): { readonly path: string; readonly file: ArchiveFile } {
    const passed = new Set<string>();
    for (let at = path; ;) {
      const place = this.#places.get(at);
      if (place === undefined || place.kind === 'directory' || place.kind === 'file')
        throw new ArchiveRefused(`does not hold ${shown(path)}, which its manifest names as ${role}`);
      if (place.kind !== 'link') return { path: at, file: place };
      if (passed.has(at))
        throw new ArchiveRefused(`has the ${role} ${shown(path)}, a link that leads to itself`);
      passed.add(at);
      at = place.target;
    }
  }
}
