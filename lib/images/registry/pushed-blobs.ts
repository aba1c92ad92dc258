import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { OnProgress } from '../../../interfaces/index.js';
import { asError } from '../../streams/index.js';
import { Meter } from '../progress/index.js';
import type { RegistryClient } from './registry-client.js';

/** The name of the file of a rewritten archive that is no part of the image. */
const description = 'manifest.json';

/** A part of an image that is in the registry. */
export interface PushedBlob {
  readonly digest: string;
  readonly size: number;
  /** What it is compressed with, as media types have it: `+gzip`, or nothing. */
  readonly compression: string;
}

const compressions: readonly (readonly [magic: Buffer, suffix: string])[] = [
  [Buffer.from([0x1f, 0x8b]), '+gzip'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), '+zstd'],
];
const longestMagic = 4;

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
      let head = Buffer.alloc(0);
      const digest = await registry.upload(content, size, (chunk) => {
        if (head.length < longestMagic) head = Buffer.concat([head, chunk.subarray(0, longestMagic)]);
        meter.add(chunk.length);
      });
      const compression =
        compressions.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1] ?? '';
      blobs.set(name, { digest, size, compression });
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
