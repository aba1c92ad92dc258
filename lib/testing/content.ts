import { TextDecoder } from 'node:util';
import { z } from 'zod';
import type { Json } from './fixture.js';

/** Bytes as a fixture keeps them. */
type Content = { text: string } | { base64: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ARCHIVE = /^application\/(x-tar|octet-stream|gzip|x-gzip|x-xz|x-bzip2)\b/i;
// What Go writes where JSON.stringify writes the character itself.
const ESCAPED_BY_GO = /\\u(003c|003e|0026|2028|2029)/g;

/** Whether a body of this type is an archive, which differs from run to run and is never text. */
export function isArchive(contentType: string | undefined): boolean {
  return contentType !== undefined && ARCHIVE.test(contentType);
}

/** Text where the bytes are text, so that a reader can read it; base64 otherwise. Nothing is lost either way. */
export function contentOf(bytes: Buffer, contentType: string | undefined): Content {
  const decoded = isArchive(contentType) ? undefined : decodeText(bytes);
  return decoded === undefined ? { base64: bytes.toString('base64') } : { text: decoded };
}

/** The bytes that a fixture keeps. */
export function bytesOf(content: Content): Buffer {
  return 'text' in content ? Buffer.from(content.text) : Buffer.from(content.base64, 'base64');
}

/** Undefined when the bytes are not UTF-8. */
export function decodeText(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Undefined when the text is not one JSON value. */
export function parseJson(source: string): Json | undefined {
  try {
    return z.json().parse(JSON.parse(source));
  } catch {
    return undefined;
  }
}

/** Undefined also when writing the value again would change it: engines send integers that JavaScript cannot hold. */
export function parseJsonExactly(source: string): Json | undefined {
  const value = parseJson(source);
  if (value === undefined) {
    return undefined;
  }
  const plain = source.replace(ESCAPED_BY_GO, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return plain === JSON.stringify(value) || plain === `${JSON.stringify(value)}\n` ? value : undefined;
}
