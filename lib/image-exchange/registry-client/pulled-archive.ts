import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { OnProgress } from '../../../interfaces/index.js';
import { archiveReadAhead, asBytes, destroyOnAbort } from '../../streams/index.js';
import { endOfArchive, fileHeader, paddingAfter, wholeFile } from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { blobsOf, manifestTypes, type Blob, type ImageManifest } from './manifests.js';

/** An image in a registry, and how to fetch its blobs. */
interface PulledImage {
  readonly manifest: ImageManifest;
  /** The manifest's bytes in the registry; their digest identifies the image there. */
  readonly content: Buffer;
  readonly blob: (digest: string, size: number) => Promise<Readable>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Streams an image as an archive in OCI layout, plus the manifest of `docker save`. All manifests come first, then the
 * configuration, then the layers from the base up. Manifest and blobs are unchanged.
 *
 * @returns the archive, which the caller must read or destroy. It fails with the error of `blob`.
 */
export function pulledArchive(image: PulledImage): Readable {
  const archive = Readable.from(entries(image), { objectMode: false, highWaterMark: archiveReadAhead });
  // The reader receives the error. The stream may fail earlier, and an error event without a listener would end the
  // process.
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
