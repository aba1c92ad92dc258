import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { InvalidInput } from '../../../interfaces/index.js';
import { asError, codeOf } from '../../streams/index.js';
import { ignoredPaths, type IgnoredPaths } from './ignored-paths.js';

/**
 * Packs a folder as a build context. Packs symbolic links as links and never follows them, so that no file outside the
 * folder is read; the engine resolves them inside the context only. Omits owners, like Docker's own client.
 *
 * @param folder - path on this machine; it may be a symbolic link itself.
 * @param dockerfile - path of the Dockerfile in the folder.
 * @returns a tar stream, which the caller must read or destroy. It fails with InvalidInput when a file is a device or a
 * FIFO, is unreadable, or changes while it is read.
 * @throws InvalidInput when the folder does not exist or its `.dockerignore` is invalid.
 */
export async function folderContext(
  folder: string,
  dockerfile: string,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  signal?.throwIfAborted();
  const root = await realpath(folder).catch((cause: unknown) => {
    throw new InvalidInput(`The folder ${folder} of a Dockerfile cannot be read`, { cause });
  });
  const ignored = await ignoredPaths(root, dockerfile);
  const packer = pack();
  const packing = new FolderPacking(root, ignored, packer);
  // Readable.from destroys the packer when its reader stops, which ends the packing.
  packing.run().catch((error: unknown) => packer.destroy(asError(error)));
  const stream = Readable.from(packer, { objectMode: false });
  stream.once('close', () => packer.destroy());
  return stream;
}

/** Packs one folder. */
class FolderPacking {
  readonly #root: string;
  readonly #ignored: IgnoredPaths;
  readonly #packer: Pack;

  constructor(root: string, ignored: IgnoredPaths, packer: Pack) {
    this.#root = root;
    this.#ignored = ignored;
    this.#packer = packer;
  }

  async run(): Promise<void> {
    await this.#folder('');
    this.#packer.finalize();
  }

  async #folder(folder: string): Promise<void> {
    const names = (await readdir(join(this.#root, folder)).catch(changed(folder))).sort();
    for (const name of names) {
      if (this.#packer.destroyed) return;
      const path = folder === '' ? name : `${folder}/${name}`;
      const isIgnored = this.#ignored.ignores(path);
      if (isIgnored && !this.#ignored.hasExceptions) continue;
      const stats = await lstat(join(this.#root, path)).catch(changed(path));
      if (stats.isDirectory()) {
        if (!isIgnored) await this.#entry(path, stats, { type: 'directory' });
        await this.#folder(path);
      } else if (!isIgnored) await this.#leaf(path, stats);
    }
  }

  async #leaf(path: string, stats: Stats): Promise<void> {
    if (stats.isFile()) await this.#file(path);
    else if (stats.isSymbolicLink()) {
      const linkname = await readlink(join(this.#root, path)).catch(changed(path));
      await this.#entry(path, stats, { type: 'symlink', linkname });
      // A socket is useless on another machine; Docker's own client omits it too.
    } else if (!stats.isSocket()) throw new InvalidInput(`${JSON.stringify(path)} is a device or a FIFO`);
  }

  async #file(path: string): Promise<void> {
    // An attacker may have replaced the file with a link or a FIFO since, or one of its parent folders with a link.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(this.#root, path), flags).catch(changed(path));
    try {
      const stats = await file.stat();
      if (!stats.isFile() || !(await this.#isInside(file))) throw changedError(path);
      if (stats.size === 0) await this.#entry(path, stats, { type: 'file' });
      else {
        const sink = this.#packer.entry(headerOf(path, stats, { type: 'file', size: stats.size }));
        await pipeline(file.createReadStream({ autoClose: false, end: stats.size - 1 }), sink);
      }
    } catch (cause) {
      throw cause instanceof InvalidInput ? cause : changedError(path, cause);
    } finally {
      await file.close();
    }
  }

  /**
   * Whether an open file lies in the root folder. Only Linux reports the path of an open file. On other systems, the
   * folder's owner must be trusted not to swap folders for links during the build.
   */
  async #isInside(file: FileHandle): Promise<boolean> {
    if (process.platform !== 'linux') return true;
    return (await readlink(`/proc/self/fd/${file.fd}`)).startsWith(
      this.#root + (this.#root === sep ? '' : sep),
    );
  }

  async #entry(path: string, stats: Stats, what: Partial<Header>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#packer.entry(headerOf(path, stats, what), '', (error) => {
        if (error) reject(asError(error));
        else resolve();
      });
    });
  }
}

const headerOf = (
  path: string,
  { mode, mtime }: Stats,
  what: Partial<Header>,
): Partial<Header> & { name: string } => ({
  name: path,
  mode: mode & 0o7777,
  // Fractions of a second would need extended headers.
  mtime: new Date(Math.floor(mtime.getTime() / 1000) * 1000),
  uid: 0,
  gid: 0,
  ...what,
});

const changedError = (path: string, cause?: unknown): InvalidInput =>
  new InvalidInput(
    `${JSON.stringify(path)} in the folder of a Dockerfile cannot be read${codeOf(cause) === undefined ? ': it changed while it was read' : ''}`,
    { cause },
  );

const changed = (path: string) => (cause: unknown) => {
  throw changedError(path, cause);
};
