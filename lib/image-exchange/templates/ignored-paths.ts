import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ignoreModule from '@balena/dockerignore';
import { InvalidInput } from '../../../interfaces/index.js';
import { codeOf, readAll } from '../../streams/index.js';

// The package is CommonJS that calls itself an ES module: Node gives its function as the default, its types as the
// default of that.
const dockerignore = typeof ignoreModule === 'function' ? ignoreModule : ignoreModule.default;

/** Bytes that a `.dockerignore` may have. */
const longestFile = 1024 * 1024;
/**
 * Steps that looking at one path may take, some second of them: the library makes regular expressions, which can go on
 * for ever.
 */
const mostSteps = 1e9;

/** What is left out of a context. */
export interface IgnoredPaths {
  /**
   * Whether a path, relative to the context's root, is left out.
   *
   * @throws InvalidInput when a pattern would take too long.
   */
  readonly ignores: (path: string) => boolean;
  /** Whether what lies in a folder that is left out may be in all the same. */
  readonly hasExceptions: boolean;
}

/**
 * Reads what `<Dockerfile>.dockerignore`, else `.dockerignore`, leaves out of a context. Neither that file nor the
 * Dockerfile itself ever is: the engine reads them from there.
 *
 * @throws InvalidInput when it is no plain file of 1 MiB at most, or holds a pattern that is none.
 */
export async function ignoredPaths(root: string, dockerfile: string): Promise<IgnoredPaths> {
  const own = `${posix.normalize(dockerfile)}.dockerignore`;
  const ownText = await textIfThere(join(root, own));
  const text = ownText ?? (await textIfThere(join(root, '.dockerignore'))) ?? '';
  const patterns = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const kept = new Set([posix.normalize(dockerfile), ownText === undefined ? '.dockerignore' : own]);
  const stars = patterns.map((pattern) => pattern.match(/\*+/g)?.length ?? 0);
  const rules = valid(() => dockerignore({ ignorecase: false }).add(patterns));
  return {
    ignores: (path) => {
      if (kept.has(path)) return false;
      const steps = stars.reduce((sum, count) => sum + (path.length / Math.max(1, count / 2)) ** count, 0);
      if (steps > mostSteps) throw new InvalidInput('A pattern of .dockerignore has too many asterisks');
      return valid(() => rules.ignores(path));
    },
    hasExceptions: patterns.some((pattern) => pattern.startsWith('!')),
  };
}

function valid<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new InvalidInput('.dockerignore holds a pattern that is none', { cause });
  }
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new InvalidInput('.dockerignore is no plain file');
      return (await readAll(file.createReadStream({ autoClose: false }), longestFile)).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw new InvalidInput('.dockerignore cannot be read', { cause });
  }
}
