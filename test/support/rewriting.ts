import { Readable } from 'node:stream';
import { expect } from '@jest/globals';
import { rewriteArchive, type RewriteOptions } from '../../lib/archives/index.js';
import { readAll } from '../../lib/streams/index.js';
import { sha256 } from './archives.js';

/** Rewrites bytes that arrive in pieces of the given size. */
export async function rewritten(
  bytes: Buffer,
  options: Partial<RewriteOptions> = {},
  piece = 64 * 1024,
): Promise<{ form: string; digest: string; diffIds: string[] }> {
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const result = rewriteArchive(Readable.from(pieces(), { objectMode: false }), {
    subject: 'Image 1',
    ...options,
  });
  const all = await readAll(result.archive, Infinity);
  const { layers } = await result.image;
  return { form: await result.form, digest: sha256(all), diffIds: layers.map(({ diffId }) => diffId) };
}

/** The error of a rewrite. */
export async function refusal(
  bytes: Buffer,
  options: Partial<RewriteOptions> = {},
  piece?: number,
): Promise<unknown> {
  return await rewritten(bytes, options, piece).then(
    () => 'it was taken',
    (error: unknown) => error,
  );
}

/** Matches the error for a valid image that Nova should try on another host. */
export const notForThisHost = (says: RegExp): unknown =>
  expect.objectContaining({ name: 'NovaException', message: expect.stringMatching(says) });

/** Matches the refusal of an image with the given message. */
export const refusedAs = (says: RegExp): unknown =>
  expect.objectContaining({ name: 'ImageUnacceptable', message: expect.stringMatching(says) });
