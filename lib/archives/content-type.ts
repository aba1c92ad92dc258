import { blockSize, isTarHeader } from './tar-header.js';

/** The content type of a file, judged by its first bytes. */
export type ContentType = 'tar' | 'gzip' | 'json' | 'bzip2' | 'xz' | 'zstd' | 'unknown';

const magics: readonly (readonly [ContentType, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/**
 * Detects a file's type by its first bytes, as engines do. Names in an archive are not trusted.
 *
 * @param head - the first {@link blockSize} bytes, or the whole file if it is shorter.
 */
export function contentType(head: Buffer): ContentType {
  // A layer without changes: engines accept an empty file as an archive without entries.
  if (head.length === 0) return 'tar';
  // Test before tar: an engine decompresses a file with such a magic, even if it is a valid tar archive too.
  for (const [type, magic] of magics) if (magic.every((byte, index) => head[index] === byte)) return type;
  // Some compressors write skippable frames first, which have sixteen magics.
  if (head.length >= 4 && head.readUInt32LE() >>> 4 === 0x184d2a5) return 'zstd';
  if (head.length === blockSize && (isTarHeader(head) || head.every((byte) => byte === 0))) return 'tar';
  return /^\s*[[{]/.test(head.toString('latin1')) ? 'json' : 'unknown';
}

/** The content types that a layer may have. Not every engine takes each of them. */
export type LayerType = Exclude<ContentType, 'json' | 'unknown'>;

/** Whether a file of this type can be a layer. */
export const isLayerType = (type: ContentType): type is LayerType => type !== 'json' && type !== 'unknown';
