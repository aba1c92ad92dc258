import { ArchiveRefused, shown } from './archive-refused.js';
import { Extensions, isExtension } from './extended-header.js';
import { longestExtendedHeader } from './limits.js';
import { blockSize, isTarHeader, paddingAfter, tarHeader } from './tar-header.js';

/** What a walk wants next: bytes to look at, or to get past some. */
type Step = readonly ['read' | 'pass', number];

const nothing = Buffer.alloc(0);

/**
 * Looks at the headers of a layer's entries while its bytes flow by, for what no limit would see: a sparse file takes a
 * few bytes of the layer, and as many of the host's disk as it says.
 *
 * It must find every header that engines find, and so reads as Go's archive/tar does, which all of them use: at the end
 * an entry may be cut (engines say so), the two blocks of zeros may be missing, and what follows them is nothing. Where
 * that could not be told, the layer is refused.
 */
export class LayerHeaders {
  readonly #what: string;
  readonly #walk = walk();
  /** Undefined once nothing more can be an entry. */
  #step: Step | undefined;
  /** Bytes that the step still wants. */
  #left = 0;
  /** What has come of the bytes to look at, where they did not come in one piece. */
  #held = nothing;

  /** @param what - the layer, as the beginning of a sentence's rest: `holds "a", which`. */
  constructor(what: string) {
    this.#what = what;
    this.#go(nothing);
  }

  /**
   * Takes the next bytes of the layer, unpacked; they may be lent.
   *
   * @throws ArchiveRefused when it holds a sparse file, or is damaged.
   */
  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#step !== undefined;) {
      const piece = chunk.subarray(at, at + this.#left);
      const [what, wanted] = this.#step;
      at += piece.length;
      this.#left -= piece.length;
      if (what === 'pass') {
        if (this.#left === 0) this.#go(nothing);
      } else if (piece.length === wanted) this.#go(piece);
      else {
        if (this.#held.length !== wanted) this.#held = Buffer.allocUnsafe(wanted);
        piece.copy(this.#held, wanted - this.#left - piece.length);
        if (this.#left === 0) this.#go(this.#held);
      }
    }
  }

  /** Goes on, with the bytes that were wanted, to the next step that wants any. */
  #go(bytes: Buffer): void {
    try {
      do this.#step = this.#walk.next(bytes).value ?? undefined;
      while (this.#step?.[1] === 0);
    } catch (error) {
      if (!(error instanceof ArchiveRefused)) throw error;
      throw new ArchiveRefused(`${this.#what} ${error.message}`, error);
    }
    this.#left = this.#step?.[1] ?? 0;
  }
}

/** From header to header, to the mark that ends an archive; is given what it wants to look at. */
function* walk(): Generator<Step, void, Buffer> {
  const extensions = new Extensions();
  let entry: string | undefined;
  for (;;) {
    const block = yield ['read', blockSize];
    if (block.every((byte) => byte === 0)) return;
    if (!isTarHeader(block))
      throw new ArchiveRefused(
        entry === undefined ? 'is not a tar archive' : `is damaged after the entry ${shown(entry)}`,
      );
    const header = tarHeader(block);
    const { typeflag, size } = header;
    if (typeflag === 'S') throw new ArchiveRefused('holds a sparse file, which is not supported');
    if (isExtension(typeflag)) {
      if (size > longestExtendedHeader) throw new ArchiveRefused(`holds an extended header of ${size} bytes`);
      extensions.take(typeflag, size === 0 ? nothing : yield ['read', size]);
      yield ['pass', paddingAfter(size)];
    } else {
      const described = extensions.describe(header);
      entry = described.name;
      yield ['pass', described.size + paddingAfter(described.size)];
    }
  }
}
