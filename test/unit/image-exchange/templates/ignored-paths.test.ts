import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { ignoredPaths } from '../../../../lib/image-exchange/templates/ignored-paths.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('.dockerignore', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let root: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    root = await folder.path();
  });
  afterEach(() => folder.remove());
  const left = async (patterns: string, paths: readonly string[]): Promise<string[]> => {
    await writeFile(join(root, '.dockerignore'), patterns);
    const { ignores } = await ignoredPaths(root, 'Dockerfile');
    return paths.filter((path) => !ignores(path));
  };

  it('excludes the same paths as Docker: patterns start at the root, the last match wins', async () => {
    const paths = ['a.log', 'd/a.log', 'node_modules/x', 'd/node_modules/x', 'keep.log', 'A.LOG'];
    expect(await left('# logs\n*.log\n**/node_modules\n\n!keep.log\n', paths)).toEqual([
      'd/a.log',
      'keep.log',
      'A.LOG',
    ]);
    expect(await left('*\n!src\n', ['a', 'src', 'src/b', 'Dockerfile', '.dockerignore'])).toEqual([
      'src',
      'src/b',
      'Dockerfile',
      '.dockerignore',
    ]);
  });

  it('is replaced by the ignore file of a Dockerfile that has its own', async () => {
    await mkdir(join(root, 'docker'));
    await writeFile(join(root, '.dockerignore'), 'a\n');
    await writeFile(join(root, 'docker', 'app.dockerignore'), 'b\n');
    const { ignores } = await ignoredPaths(root, './docker/app');
    expect(['a', 'b', 'docker/app'].map(ignores)).toEqual([false, true, false]);
  });

  it('is refused when it is a symbolic link, too large, or an invalid pattern', async () => {
    await expect(left('[', ['a'])).rejects.toThrow(InvalidInput);
    await expect(left('x'.repeat(2_000_000), ['a'])).rejects.toThrow(InvalidInput);
    await symlink('/etc/passwd', join(root, 'linked.dockerignore'));
    await expect(ignoredPaths(root, 'linked')).rejects.toThrow(InvalidInput);
  });

  it('is refused when a pattern would take exponential time to match', async () => {
    const began = performance.now();
    await expect(left(`${'*a'.repeat(12)}*b`, ['a'.repeat(200)])).rejects.toThrow('too many asterisks');
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
