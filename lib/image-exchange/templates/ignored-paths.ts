import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ignoreModule from '@balena/dockerignore';
import { InvalidInput } from '../../../interfaces/index.js';
import { codeOf, readAll } from '../../streams/index.js';

// The package is CommonJS marked as an ES module: Node exposes the function as the default export, but its types nest
// the function in `default.default`.
const dockerignore = typeof ignoreModule === 'function' ? ignoreModule : ignoreModule.default;

/** Maximum size of a `.dockerignore` in bytes. */
const maxFileBytes = 1024 * 1024;
/**
 * Maximum number of matching steps for one path, about one second. The library compiles patterns to regular
 * expressions, which can backtrack without end.
 */
const maxSteps = 1e9;

/** The rules of a `.dockerignore`. */
export interface IgnoredPaths {
  /**
   * Whether a path, relative to the context's root, is excluded.
   *
   * @throws InvalidInput when matching a pattern would take too long.
   */
  readonly ignores: (path: string) => boolean;
  /** Whether exceptions may include files in an excluded folder. */
  readonly hasExceptions: boolean;
}

/**
 * Reads `<Dockerfile>.dockerignore`, else `.dockerignore`. Never excludes that file or the Dockerfile, because the
 * engine reads both from the context.
 *
 * @throws InvalidInput when the file is not a regular file, exceeds 1 MiB or holds a malformed pattern.
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
      if (steps > maxSteps) throw new InvalidInput('A pattern of .dockerignore has too many asterisks');
      return valid(() => rules.ignores(path));
    },
    hasExceptions: patterns.some((pattern) => pattern.startsWith('!')),
  };
}

function valid<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new InvalidInput('.dockerignore holds a malformed pattern', { cause });
  }
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new InvalidInput('.dockerignore is not a regular file');
      return (await readAll(file.createReadStream({ autoClose: false }), maxFileBytes)).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw new InvalidInput('.dockerignore cannot be read', { cause });
  }
}
