// Compiles TypeScript once: keeps what it compiled, for all processes and later runs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipe, transpile } from '../transpile.mjs';

const cache = fileURLToPath(new URL('../../../.cache/compiled/', import.meta.url));

/** Whether a URL is that of a TypeScript file of the project. */
export const isTypeScript = (url) =>
  url.startsWith('file:') && !url.includes('/node_modules/') && new URL(url).pathname.endsWith('.ts');

/** The paths of the code and of its source map. */
export function compiled(url) {
  const path = fileURLToPath(url);
  const source = readFileSync(path, 'utf8');
  const hash = [...recipe, path, '\0', source].reduce((all, part) => all.update(part), createHash('sha256'));
  const kept = join(cache, hash.digest('hex').slice(0, 32));
  const files = { code: `${kept}.js`, map: `${kept}.map` };
  if (existsSync(files.code)) return files;
  const { code, map } = transpile(source, path);
  mkdirSync(cache, { recursive: true });
  // The code is last: where it is, the map is, too.
  writeWhole(files.map, map);
  writeWhole(files.code, code);
  return files;
}

/** Two processes may write the same file. */
function writeWhole(path, text) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, text);
  renameSync(own, path);
}
