import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { OnProgress } from '../../../interfaces/index.js';
import { asError } from '../../streams/index.js';
import { Meter } from '../../progress/index.js';
import type { RegistryClient } from './registry-client.js';

/** The name of the file of a rewritten archive that is no part of the image. */
const description = 'manifest.json';

/** A part of an image that is in the registry. */
export interface PushedBlob {
  readonly digest: string;
  readonly size: number;
}

/**
 * Uploads the parts of an image, one after the other, as they arrive.
 *
 * @param archive - as `rewriteArchive` writes it: plain files only. Destroyed in any case.
 * @returns the parts, by their names in the archive.
 * @throws what the archive or the registry fail with.
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
    // Whatever else broke, broke because of it.
    throw archive.errored ?? error;
  } finally {
    archive.destroy();
    reader.destroy();
  }
}
