import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { OnProgress } from '../../../interfaces/index.js';
import { asError } from '../../streams/index.js';
import { Meter } from '../../progress/index.js';
import type { RegistryClient } from './registry-client.js';

/** File in a rewritten archive that is not part of the image. */
const description = 'manifest.json';

/** A blob that is in the registry. */
export interface PushedBlob {
  readonly digest: string;
  readonly size: number;
}

/**
 * Uploads the parts of an image one after another, in archive order.
 *
 * @param archive - as written by `rewriteArchive`: regular files only. Always destroyed.
 * @returns the blobs, by their file names in the archive.
 * @throws the error of the archive or the registry.
 */
export async function pushBlobs(
  archive: Readable,
  registry: RegistryClient,
  onProgress: OnProgress | undefined,
): Promise<ReadonlyMap<string, PushedBlob>> {
  const meter = new Meter(onProgress, 'uploading');
  const blobs = new Map<string, PushedBlob>();
  const reader = extract();
  archive.on('error', (error) => reader.destroy(asError(error)));
  archive.pipe(reader);
  try {
    for await (const entry of reader) {
      const { name, size } = entry.header;
      if (name === description) {
        entry.resume();
        continue;
      }
      const content = Readable.from(entry, { objectMode: false });
      const digest = await registry.upload(content, size, (chunk) => meter.add(chunk.length));
      blobs.set(name, { digest, size });
    }
    meter.end();
    return blobs;
  } catch (error) {
    // An error of the archive causes all the others, so report it first.
    throw archive.errored ?? error;
  } finally {
    archive.destroy();
    reader.destroy();
  }
}
