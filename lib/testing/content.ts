import { TextDecoder } from 'node:util';
import { z } from 'zod';
import type { Json } from './fixture.js';

/** Bytes in a fixture's form. */
type Content = { text: string } | { base64: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const archiveType = /^application\/(x-tar|octet-stream|gzip|x-gzip|x-xz|x-bzip2)\b/i;
// Go's JSON encoder escapes these characters; JSON.stringify does not.
const escapedByGo = /\\u(003c|003e|0026|2028|2029)/g;

/** Whether a content type is an archive, which varies between runs and is never text. */
export function isArchive(contentType: string | undefined): boolean {
  return contentType !== undefined && archiveType.test(contentType);
}

/** Encodes bytes for a fixture, without loss: readable text if they are UTF-8, otherwise base64. */
export function contentOf(bytes: Buffer, contentType: string | undefined): Content {
  const decoded = isArchive(contentType) ? undefined : decodeText(bytes);
  return decoded === undefined ? { base64: bytes.toString('base64') } : { text: decoded };
}

/** Decodes the bytes of a fixture. */
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

/** Undefined when the text is not a JSON value. */
export function jsonIfValid(source: string): Json | undefined {
  try {
    return z.json().parse(JSON.parse(source));
  } catch {
    return undefined;
  }
}

/**
 * Undefined also when the value does not serialize to the same text: engines send integers beyond JavaScript's
 * precision.
 */
export function jsonIfFaithful(source: string): Json | undefined {
  const value = jsonIfValid(source);
  if (value === undefined) {
    return undefined;
  }
  const plain = source.replace(escapedByGo, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return plain === JSON.stringify(value) || plain === `${JSON.stringify(value)}\n` ? value : undefined;
}
