import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { OnProgress } from '../../../interfaces/index.js';
import { archiveReadAhead, asBytes, destroyOnAbort } from '../../streams/index.js';
import { endOfArchive, fileHeader, paddingAfter, wholeFile } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { blobsOf, manifestTypes, type Blob, type ImageManifest } from './manifests.js';

/** An image of a registry, and how its parts are had. */
interface PulledImage {
  readonly manifest: ImageManifest;
  /** The manifest as the registry has it: its digest is the image's name there. */
  readonly content: Buffer;
  readonly blob: (digest: string, size: number) => Promise<Readable>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Streams an image as an archive of the OCI layout, with the manifest of `docker save` beside: all that says what the
 * image is comes first, then its configuration, then its layers from the base up, all as they are in the registry.
 *
 * @returns the archive, whose receiver must read or destroy it; it fails with what a blob fails with.
 */
export function pulledArchive(image: PulledImage): Readable {
  const archive = Readable.from(entries(image), { objectMode: false, highWaterMark: archiveReadAhead });
  // Told to whoever reads it. It may fail before that, and without a listener it would end the process.
  archive.on('error', () => undefined);
  destroyOnAbort(archive, image.signal);
  return archive;
}

async function* entries({
  manifest,
  content,
  blob,
  onProgress,
}: PulledImage): AsyncGenerator<Buffer, void, void> {
  const { config, layers } = manifest;
  const digest = createHash('sha256').update(content).digest('hex');
  const mediaType = manifest.mediaType ?? manifestTypes.oci;
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType, digest: `sha256:${digest}`, size: content.length }],
  };
  const saved = { Config: pathOf(config), RepoTags: null, Layers: layers.map(pathOf) };
  yield* wholeFile('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  yield* wholeFile('index.json', Buffer.from(JSON.stringify(index)));
  yield* wholeFile('manifest.json', Buffer.from(JSON.stringify([saved])));
  yield* wholeFile(`blobs/sha256/${digest}`, content);
  const blobs = blobsOf(manifest);
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  const meter = new Meter(onProgress, 'pulling', total);
  for (const each of blobs) {
    yield fileHeader(pathOf(each), each.size);
    for await (const piece of await blob(each.digest, each.size)) {
      const chunk = asBytes(piece);
      meter.add(chunk.length, each === config ? undefined : each.digest);
      yield chunk;
    }
    yield Buffer.alloc(paddingAfter(each.size));
  }
  meter.end();
  yield endOfArchive;
}

const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`;
