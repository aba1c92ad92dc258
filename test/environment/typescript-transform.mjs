// Compiles TypeScript for jest.
import { createHash } from 'node:crypto';
import { recipe, transpile } from './transpile.mjs';

export default {
  getCacheKey: (source, path) =>
    [...recipe, path, '\0', source]
      .reduce((hash, part) => hash.update(part), createHash('sha256'))
      .digest('hex')
      .slice(0, 32),

  process: transpile,
};
