import { isDeepStrictEqual } from 'node:util';
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
  readonly blob: string;
  readonly content: Buffer;
}

/** A file that cannot be part of an image, and was not passed on. */
interface UselessFile {
  readonly kind: 'useless';
  readonly blob: string;
  /** Why, as the rest of a sentence: `is compressed with xz`. */
  readonly because: string;
}

/** What became of a file; `blob` is the digest of its bytes, in hexadecimal. */
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
   * Takes note of an entry. One may come again: archivers that append do so.
   *
   * @returns its path, in one spelling, and the file that is there already: the entry must be the same as that.
   * @throws ArchiveRefused when the path or what it links to lies outside the archive, or something else is there.
   */
  enter(entry: TarEntry): { readonly path: string; readonly twin: ArchiveFile | undefined } {
    const { kind, name, linkname } = entry;
    const path = entryPath(name, 'holds');
    if (path === '' && kind !== 'directory') throw new ArchiveRefused(`holds a ${kind} without a name`);
    const place = this.#places.get(path);
    const entered: Place =
      kind === 'directory' || kind === 'file'
        ? { kind }
        : { kind: 'link', target: linkTarget(kind, path, linkname) };
    if (place === undefined) this.#places.set(path, entered);
    else if (kind === 'file' && 'blob' in place) return { path, twin: place };
    else if (kind === 'file' || !isDeepStrictEqual(place, entered)) throw twice(path);
    return { path, twin: undefined };
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

/**
 * Refuses a path that is there twice, as two things: which of them counts, whoever looks at the archive and engines, who
 * take the last, might not agree.
 */
export function twice(path: string): ArchiveRefused {
  return new ArchiveRefused(`holds ${shown(path)} twice, and not the same both times`);
}
