import { blockSize, isTarHeader } from './tar-header.js';

/** What a file begins like. */
export type ContentType = 'tar' | 'gzip' | 'json' | 'bzip2' | 'xz' | 'zstd' | 'unknown';

const magics: readonly (readonly [ContentType, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/**
 * Recognises a file by its beginning, as engines do: names in an archive mean nothing.
 *
 * @param head - its first {@link blockSize} bytes, or all if it has fewer.
 */
export function contentType(head: Buffer): ContentType {
  // A layer that changes nothing: engines take a file of no bytes for an archive without entries.
  if (head.length === 0) return 'tar';
  // Before tar: engines unpack a file that begins like a compressed one, be it a tar archive as well.
  for (const [type, magic] of magics) if (magic.every((byte, index) => head[index] === byte)) return type;
  // Some compressors put frames first that hold nothing, of sixteen kinds.
  if (head.length >= 4 && head.readUInt32LE() >>> 4 === 0x184d2a5) return 'zstd';
  if (head.length === blockSize && (isTarHeader(head) || head.every((byte) => byte === 0))) return 'tar';
  return /^\s*[[{]/.test(head.toString('latin1')) ? 'json' : 'unknown';
}

/** What the file of a layer begins like. */
export type LayerType = 'tar' | 'gzip' | 'zstd';

/** Whether a file can be a layer. */
export const isLayerType = (type: ContentType): type is LayerType =>
  type === 'tar' || type === 'gzip' || type === 'zstd';
