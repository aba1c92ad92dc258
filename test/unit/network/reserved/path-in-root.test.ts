import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pathInRoot } from '../../../../lib/network/reserved/path-in-root.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('a path inside the root directory of another process', () => {
  const folder = temporaryFolder();
  let root: string;
  beforeAll(async () => {
    root = join(await folder.path(), 'root');
    await mkdir(join(root, 'run/.copy/user'), { recursive: true });
    await mkdir(join(root, '../etc'));
    await writeFile(join(root, '../etc/secret'), '');
    await writeFile(join(root, 'run/.copy/user/docker.sock'), '');
    await symlink('/run/.copy/user', join(root, 'run/user'));
    await symlink('run', join(root, 'var'));
    await symlink('../../../../run/./user', join(root, 'run/up'));
    await symlink('/etc/secret', join(root, 'run/outside'));
    await symlink('../../etc/secret', join(root, 'run/above'));
    await symlink('loop', join(root, 'run/loop'));
  });
  afterAll(folder.remove);

  it.each([
    ['/run/.copy/user/docker.sock', 'run/.copy/user/docker.sock'],
    ['/run/user/docker.sock', 'run/.copy/user/docker.sock'],
    ['/var/user/docker.sock', 'run/.copy/user/docker.sock'],
    ['/run/up/docker.sock', 'run/.copy/user/docker.sock'],
    ['/../../run//./user', 'run/.copy/user'],
    ['/', ''],
  ])('%s is the file %s, with every link read in that root', async (path, reached) => {
    expect(await pathInRoot(root, path)).toBe(join(root, reached));
  });

  it.each(['/run/outside', '/run/above', '/../etc/secret', '/run/loop', '/run/absent', '/run/outside/..'])(
    '%s is no file there',
    async (path) => {
      expect(await pathInRoot(root, path)).toBeUndefined();
    },
  );
});
