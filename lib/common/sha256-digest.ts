import { createHash } from 'node:crypto';

/** A SHA-256 digest as registries and engines write it. */
export const sha256Digest = /^sha256:[0-9a-f]{64}$/;

/** Computes a digest of that form. */
export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
