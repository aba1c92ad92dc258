import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';

/** Ways to compress a whole archive. */
export const packings = ['plain', 'gzip', 'zstd', 'xz'] as const;

/** Compresses bytes, with the programs zstd and xz where Node 20 does not know the format. */
export function packed(bytes: Buffer, packing: (typeof packings)[number], ...flags: string[]): Buffer {
  switch (packing) {
    case 'plain':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'zstd':
    case 'xz':
      return execFileSync(packing, ['-q', '-c', '-1', ...flags], { input: bytes, maxBuffer: 2 ** 30 });
  }
}
