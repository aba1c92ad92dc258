import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The size of the log files in which an engine of this machine keeps the output of a container. */
export async function logBytes(dockerRoot: string, container: string): Promise<number> {
  const folder = join(dockerRoot, 'containers', container);
  const names = (await readdir(folder)).filter((name) => name.includes('-json.log'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
