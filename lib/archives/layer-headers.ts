import { ArchiveRefused, shown } from './archive-refused.js';
import { Extensions, isExtension } from './extended-header.js';
import { type ByteBudget, entryBytes, maxExtendedHeaderBytes } from './limits.js';
import { holesIn } from './sparse-map.js';
import { blockSize, isTarHeader, paddingAfter, tarHeader } from './tar-header.js';

/** The next request of {@link walk}: read a number of bytes, or skip them. */
type Step = readonly ['read' | 'pass', number];

const nothing = Buffer.alloc(0);

/**
 * Validates the headers of a layer's entries while its bytes stream through. It counts the holes of sparse files, which
 * engines write out: a few bytes in the layer can fill the host's disk.
 *
 * It must find every header that engines find, so it reads as Go's archive/tar does, which all engines use. At the end
 * of the layer, an entry may be truncated (engines report that), and the end mark may be missing. Data after the end
 * mark is ignored. A layer that is ambiguous is refused.
 */
export class LayerHeaders {
  readonly #what: string;
  readonly #walk: ReturnType<typeof walk>;
  /** Undefined after the end mark. */
  #step: Step | undefined;
  /** Bytes that the step still needs. */
  #left = 0;
  /** Collects the bytes of a read step that arrive in several chunks. */
  #held = nothing;

  /**
   * @param what - names the layer in error messages, as the start of a predicate: `holds "a", which`.
   * @param budget - charged for every entry, see {@link entryBytes}, and for the holes of sparse files.
   */
  constructor(what: string, budget: ByteBudget) {
    this.#what = what;
    this.#walk = walk(budget);
    this.#go(nothing);
  }

  /**
   * Processes the next bytes of the layer, unpacked. It keeps no reference to the chunk, so the buffer may be reused.
   *
   * @throws ArchiveRefused when the layer exceeds the budget, is malformed, or holds a sparse file of the old GNU type.
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

  /** Passes the requested bytes to the walk, and advances to the next step that needs bytes. */
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

/** Walks from header to header, up to the end mark. Each read step receives its bytes. */
function* walk(budget: ByteBudget): Generator<Step, void, Buffer> {
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
    // Engines refuse this type when they write a layer's headers again.
    if (typeflag === 'S')
      throw new ArchiveRefused(
        "holds a sparse file of GNU's old type, which is not supported: pack it with --format=posix",
      );
    if (isExtension(typeflag)) {
      if (size > maxExtendedHeaderBytes)
        throw new ArchiveRefused(`holds an extended header of ${size} bytes`);
      extensions.take(typeflag, size === 0 ? nothing : yield ['read', size]);
      yield ['pass', paddingAfter(size)];
    } else {
      budget.spend(entryBytes);
      const described = extensions.describe(header);
      entry = described.name;
      const { sparse } = described;
      if (sparse !== undefined) {
        while (sparse.isIncomplete) sparse.take(yield ['read', sparse.nextBlock()]);
        budget.spend(holesIn(sparse.runs()));
      }
      yield ['pass', described.size - (sparse?.mapBytes ?? 0) + paddingAfter(described.size)];
    }
  }
}
