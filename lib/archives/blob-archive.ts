import { Readable } from 'node:stream';
import type { OnProgress } from '../../interfaces/index.js';
import { digestOf } from '../common/index.js';
import { archiveReadAhead, asBytes, destroyOnAbort } from '../streams/index.js';
import { Meter } from '../progress/index.js';
import { blobsOf, manifestTypes, type Blob, type ImageManifest } from './registry-manifest.js';
import { blockSize, fileHeader, paddingAfter } from './tar-header.js';
import { endOfArchive, wholeFile } from './write-image.js';

/** An image of a registry, and how to read its blobs. */
interface ImageInBlobs {
  readonly manifest: ImageManifest;
  /** The manifest's bytes in the registry; their digest identifies the image there. */
  readonly content: Buffer;
  /** The stream must have `size` bytes, or fail. */
  readonly blob: (digest: string, size: number) => Promise<Readable>;
  /** Digests of layers that the archive names, but does not hold. Default: none. */
  readonly omitted?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Position of a blob in an archive, in bytes. */
interface BlobPosition {
  readonly digest: string;
  readonly offset: number;
  readonly size: number;
}

/** An archive that is written while it is read. */
export interface BlobArchive {
  /** The receiver must read or destroy it. It fails with the error of `blob`. */
  readonly archive: Readable;
  /** The manifest. */
  readonly manifest: BlobPosition;
  /** Each blob once: the configuration, then the layers from the base up. */
  readonly blobs: readonly BlobPosition[];
}

/**
 * Writes an image as an archive in OCI layout, plus the manifest of `docker save`. All manifests come first, then the
 * configuration, then the layers from the base up. Manifest and blobs are unchanged.
 */
export function blobArchive(image: ImageInBlobs): BlobArchive {
  const digest = digestOf(image.content);
  const head = headOf(image, digest);
  const manifest = { digest, offset: head.length + blockSize, size: image.content.length };
  let offset = manifest.offset + paddedSize(manifest.size) + blockSize;
  const blobs = heldBlobs(image).map((blob) => {
    const position = { digest: blob.digest, offset, size: blob.size };
    offset += paddedSize(blob.size) + blockSize;
    return position;
  });
  const archive = Readable.from(entries(image, head, digest), {
    objectMode: false,
    highWaterMark: archiveReadAhead,
  });
  // The reader receives the error. The stream may fail earlier, and an error event without a listener would end the
  // process.
  archive.on('error', () => undefined);
  destroyOnAbort(archive, image.signal);
  return { archive, manifest, blobs };
}

/** The files before the image's manifest. */
function headOf({ manifest, content }: ImageInBlobs, digest: string): Buffer {
  const { config, layers } = manifest;
  const mediaType = manifest.mediaType ?? manifestTypes.oci;
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: content.length }] };
  const saved = { Config: pathOf(config), RepoTags: null, Layers: layers.map(pathOf) };
  return Buffer.concat([
    ...wholeFile('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    ...wholeFile('index.json', Buffer.from(JSON.stringify(index))),
    ...wholeFile('manifest.json', Buffer.from(JSON.stringify([saved]))),
  ]);
}

const heldBlobs = ({ manifest, omitted }: ImageInBlobs): readonly Blob[] =>
  blobsOf(manifest).filter(({ digest }) => omitted?.has(digest) !== true);

async function* entries(
  image: ImageInBlobs,
  head: Buffer,
  digest: string,
): AsyncGenerator<Buffer, void, void> {
  const { manifest, content, blob, onProgress } = image;
  yield head;
  yield* wholeFile(pathOf({ digest }), content);
  const blobs = heldBlobs(image);
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  const meter = new Meter(onProgress, 'pulling', total);
  for (const each of blobs) {
    yield fileHeader(pathOf(each), each.size);
    for await (const piece of await blob(each.digest, each.size)) {
      const chunk = asBytes(piece);
      meter.add(chunk.length, each === manifest.config ? undefined : each.digest);
      yield chunk;
    }
    yield Buffer.alloc(paddingAfter(each.size));
  }
  meter.end();
  yield endOfArchive;
}

const paddedSize = (size: number): number => size + paddingAfter(size);

const pathOf = ({ digest }: Pick<Blob, 'digest'>): string => `blobs/${digest.replace(':', '/')}`;
