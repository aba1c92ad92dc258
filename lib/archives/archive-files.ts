import { isDeepStrictEqual } from 'node:util';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { LayerType } from './content-type.js';
import { entryPath, linkTarget } from './entry-path.js';
import type { LayerDigests } from './layer-digest.js';
import type { TarEntry } from './tar-reader.js';

/** A file that can be a layer, and was passed on. */
export interface LayerFile extends LayerDigests {
  readonly kind: 'layer';
  /** The file's name in the rewritten archive. */
  readonly newName: string;
  /** The size in bytes, as stored in the archive. */
  readonly size: number;
  readonly type: LayerType;
}

/** A file that is held in memory, because the manifest may turn out to reference it. */
interface HeldFile {
  readonly kind: 'held';
  readonly blob: string;
  readonly content: Buffer;
}

/** A file that cannot be part of an image, and was not passed on. */
interface UselessFile {
  readonly kind: 'useless';
  readonly blob: string;
  /** The reason, as a predicate for an error message: `is compressed with xz`. */
  readonly because: string;
}

/** A processed file. `blob` is the digest of its bytes in hexadecimal. */
export type ArchiveFile = LayerFile | HeldFile | UselessFile;

type Place =
  | ArchiveFile
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory' }
  /** A file that is not processed yet. */
  | { readonly kind: 'file' };

/** The paths of an archive and what each one is. */
export class ArchiveFiles {
  readonly #places = new Map<string, Place>();

  /**
   * Registers an entry. The same path may occur again, because archivers that append write duplicates.
   *
   * @returns the normalized path, and the file that is already there; the caller must verify that both are the same.
   * @throws ArchiveRefused when the path or a link's target is outside the archive, or the path already is something
   * else.
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

  /** Whether a path exists in the archive. */
  has(path: string): boolean {
    return this.#places.has(path);
  }

  /** Records the result of processing a registered file. */
  put(path: string, file: ArchiveFile): void {
    this.#places.set(path, file);
  }

  /**
   * Finds a file, following links.
   *
   * @param role - the file's role in the manifest, for error messages: `configuration`, `layer`.
   * @returns the file and the path after links are resolved.
   * @throws ArchiveRefused when the file does not exist, or a link leads to itself.
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
 * The error for a path that occurs twice with different content. An engine uses the last one; another reader of the
 * archive may use the first.
 */
export function twice(path: string): ArchiveRefused {
  return new ArchiveRefused(`holds ${shown(path)} twice, with different content`);
}
