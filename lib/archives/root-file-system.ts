import { createHash } from 'node:crypto';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { ByteReader } from './byte-reader.js';
import { isInside } from './entry-path.js';
import { Extensions, isExtension } from './extended-header.js';
import { FileSystemReader, plainPath } from './file-system-reader.js';
import { type ByteBudget, entryBytes } from './limits.js';
import { blockSize, isTarHeader, paddingAfter, tarHeader } from './tar-header.js';
import { endOfArchive } from './write-image.js';

/**
 * Names at the root of a file system: those of the FHS, those of older and newer distributions, and Docker's marker
 * file, with which `docker export` begins.
 */
const rootNames = new Set(
  (
    'bin boot dev etc home lib lib32 lib64 libx32 media mnt nix opt proc root run sbin selinux snap srv sys tmp usr var ' +
    '.dockerenv'
  ).split(' '),
);

/** The number of bytes within which an archive must show that it is a root file system. */
const maxProbedBytes = 64 * 1024;

const contentless = new Set(['1', '2', '5']);

/**
 * Distinguishes a root file system from an image archive by the first entry whose path occurs in only one of them.
 * Directories and symbolic or hard links at other paths are inconclusive; any other entry means an image archive.
 */
export async function isRootFileSystem(bytes: ByteReader): Promise<boolean> {
  const extensions = new Extensions();
  for (let at = 0; at < maxProbedBytes;) {
    const block = (await bytes.peek(at + blockSize)).subarray(at);
    if (block.length < blockSize || !isTarHeader(block)) return false;
    const header = tarHeader(block);
    const { size, typeflag } = header;
    at += blockSize;
    if (isExtension(typeflag)) {
      if (at + size > maxProbedBytes) return false;
      extensions.take(typeflag, (await bytes.peek(at + size)).subarray(at));
      at += size + paddingAfter(size);
    } else {
      const [top = ''] = plainPath(extensions.describe(header).name).split('/');
      if (rootNames.has(top)) return true;
      if (!contentless.has(typeflag)) return false;
    }
  }
  return false;
}

/** The digest and size of a root file system's archive. */
interface RootFileSystem {
  /** `sha256:` and the digest of the bytes that were passed on. */
  readonly diffId: string;
  /** The number of bytes that were passed on. */
  readonly size: number;
}

/**
 * Passes on a root file system's archive unchanged. It yields the end mark only after the source ended without an
 * error. The engine validates the content, as for layers; this function also refuses entries outside the root.
 *
 * It does not wrap the archive as a layer of an image archive: a tar header states the size before the content, and the
 * size is not known yet.
 *
 * @param budget - charged for every entry, see {@link entryBytes}, and for the holes of sparse files.
 * @throws ArchiveRefused when the archive is malformed or truncated, has too many entries, or an entry is outside the
 * root.
 */
export async function* rootFileSystem(
  bytes: ByteReader,
  budget: ByteBudget,
): AsyncGenerator<Buffer, RootFileSystem, void> {
  const hash = createHash('sha256');
  let size = 0;
  const passed = (piece: Buffer): Buffer => {
    hash.update(piece);
    size += piece.length;
    return piece;
  };
  const reader = new FileSystemReader(bytes.rest(), { mayBeSparse: true });
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    const { path, target, kind, headers, holes } = entry;
    budget.spend(entryBytes + holes);
    validateInside(path);
    if (kind === 'hard link') validateInside(target);
    yield passed(headers);
    for await (const piece of reader.content()) yield passed(piece);
  }
  yield passed(endOfArchive);
  return { diffId: `sha256:${hash.digest('hex')}`, size };
}

function validateInside(path: string): void {
  if (!isInside(path)) throw new ArchiveRefused(`holds ${shown(path)}, which leads out of the root`);
}
