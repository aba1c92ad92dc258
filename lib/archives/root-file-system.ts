import { createHash } from 'node:crypto';
import { ArchiveRefused, shown } from './archive-refused.js';
import type { ByteReader } from './byte-reader.js';
import { isInside } from './entry-path.js';
import { Extensions, isExtension } from './extended-header.js';
import { FileSystemReader, plainPath } from './file-system-reader.js';
import { blockSize, isTarHeader, paddingAfter, tarHeader } from './tar-header.js';
import { endOfArchive } from './write-image.js';

/**
 * What stands at the root of a file system (FHS), what older and newer distributions have there, and the mark of
 * Docker's that `docker export` begins with.
 */
const rootNames = new Set(
  (
    'bin boot dev etc home lib lib32 lib64 libx32 media mnt nix opt proc root run sbin selinux snap srv sys tmp usr var ' +
    '.dockerenv'
  ).split(' '),
);

/** Bytes within which an archive must show whether it is that of a file system. */
const longestBeginning = 64 * 1024;

const contentless = new Set(['1', '2', '5']);

/**
 * Tells the archive of a root file system from that of an image by the first entry at a place that only one of them
 * has. Folders and links at other places decide nothing, a file does.
 */
export async function isRootFileSystem(bytes: ByteReader): Promise<boolean> {
  const extensions = new Extensions();
  for (let at = 0; at < longestBeginning;) {
    const block = (await bytes.peek(at + blockSize)).subarray(at);
    if (block.length < blockSize || !isTarHeader(block)) return false;
    const header = tarHeader(block);
    const { size, typeflag } = header;
    at += blockSize;
    if (isExtension(typeflag)) {
      if (at + size > longestBeginning) return false;
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

/** What the archive of a root file system turned out to be. */
interface RootFileSystem {
  /** `sha256:` and the digest of what was passed on. */
  readonly diffId: string;
  /** Bytes that were passed on. */
  readonly size: number;
}

/**
 * Passes on the archive of a root file system as it is, to the mark that ends it; that comes only when the source has
 * ended without an error. What may be in it is the engine's to know, as it is of layers: that nothing lies outside of
 * the root, is seen to here as well. It is not wrapped as a layer of an archive: a tar entry states its size before its
 * content, and the size is not known yet.
 *
 * @throws ArchiveRefused when it is damaged, truncated, or an entry lies outside of the root.
 */
export async function* rootFileSystem(bytes: ByteReader): AsyncGenerator<Buffer, RootFileSystem, void> {
  const hash = createHash('sha256');
  let size = 0;
  const passed = (piece: Buffer): Buffer => {
    hash.update(piece);
    size += piece.length;
    return piece;
  };
  const reader = new FileSystemReader(bytes.rest());
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    const { path, target, kind, headers } = entry;
    mustBeInside(path);
    if (kind === 'hard link') mustBeInside(target);
    yield passed(headers);
    for await (const piece of reader.content()) yield passed(piece);
  }
  yield passed(endOfArchive);
  return { diffId: `sha256:${hash.digest('hex')}`, size };
}

function mustBeInside(path: string): void {
  if (!isInside(path)) throw new ArchiveRefused(`holds ${shown(path)}, which leads out of the root`);
}
