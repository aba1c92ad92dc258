import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ImageRecord, Progress } from '../../../interfaces/index.js';
import { ImageUnacceptable, InvalidInput } from '../../../interfaces/index.js';
import { verifiedStream } from '../../streams/index.js';
import type { Registration, SourceEnvironment } from './engine-image.js';

/** An image archive. Its bytes go to the image service unchanged; the driver verifies them when it boots the image. */
export interface ArchiveSource {
  readonly type: 'archive';
  /** A path on this machine, or a URL that this process fetches. */
  readonly from: { readonly path: string } | { readonly url: string | URL };
  /** Expected hash of the file: `sha256:…` or `sha512:…`, in hexadecimal. */
  readonly digest?: string;
}

/** A stream, and its length in bytes if known. */
export interface SizedContent {
  readonly content: Readable;
  readonly size: number | undefined;
}

const digestPattern = /^(?<algorithm>sha256|sha512):(?<value>[0-9a-f]{64}|[0-9a-f]{128})$/;

/**
 * Registers an image archive.
 *
 * @returns the image's record.
 * @throws InvalidInput when the file cannot be read.
 * @throws ImageSourceError when the URL cannot be fetched.
 * @throws ImageUnacceptable when the file has another digest.
 * @throws the image service's error, or the signal's reason when the signal aborts.
 */
export async function registerArchive(
  { imageService }: SourceEnvironment,
  { context, metadata, signal, onProgress }: Registration,
  { from, digest }: ArchiveSource,
  fetch: (url: string | URL) => Promise<SizedContent>,
): Promise<ImageRecord> {
  const verified = digest === undefined ? (file: Readable): Readable => file : verification(digest);
  const { content: file, size } = 'path' in from ? await opened(from.path) : await fetch(from.url);
  const data = verified(file);
  try {
    return await imageService.create(context, metadata, data, {
      signal,
      onProgress: (progress) => onProgress?.(withTotal(size, progress)),
    });
  } finally {
    data.destroy();
    file.destroy();
  }
}

/** Adds the total: the image service receives a stream and cannot know its length. */
function withTotal(size: number | undefined, progress: Progress): Progress {
  return size === undefined || size < progress.bytes ? progress : { total: size, ...progress };
}

async function opened(path: string): Promise<SizedContent> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  let content: Readable | undefined;
  let size: number | undefined;
  try {
    const file = await open(path, flags);
    try {
      const status = await file.stat();
      size = status.size;
      if (status.isFile()) content = file.createReadStream();
    } finally {
      if (content === undefined) await file.close();
    }
  } catch (cause) {
    throw new InvalidInput(`The file ${path} cannot be read`, { cause });
  }
  if (content === undefined) throw new InvalidInput(`${path} is not a regular file`);
  return { content, size };
}

/** Makes a function that verifies a file's digest while it is streamed. */
function verification(digest: string): (file: Readable) => Readable {
  const { algorithm, value } = digestPattern.exec(digest)?.groups ?? {};
  if (algorithm === undefined || value === undefined)
    throw new InvalidInput('A digest must be sha256: or sha512: and hexadecimal digits');
  const refused = (found: string): Error =>
    new ImageUnacceptable(`The file has the digest ${algorithm}:${found}, not ${digest}`);
  return (file) => verifiedStream(file, algorithm, value, refused);
}
