import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { OnProgress } from '../../../interfaces/index.js';
import {
  blockSize,
  ByteBudget,
  ByteReader,
  configurationBytes,
  configurationForEngine,
  contentType,
  isLayerType,
  layerFileName,
  parseConfiguration,
  writeLayer,
  writeMetadata,
  storedLayer,
  type StoredLayer,
  type ImageConfiguration,
  type ImageLimits,
  type ArchivedImage,
} from '../../archives/index.js';
import { Meter } from '../../progress/index.js';
import { type ArchiveIndex, type Extent, IndexUnusable } from './archive-index.js';
import type { ImageRanges } from './image-ranges.js';
import type { SuppliedLayers } from './layers-in-engine.js';
import { partialArchive, type PartialArchive } from './partial-archive.js';

/** An image whose layers can be read one by one. */
export interface IndexedImage {
  readonly ranges: ImageRanges;
  /** As the engine will receive it. */
  readonly configuration: ImageConfiguration;
  readonly configurationBytes: Buffer;
  /** From the base up, one for each layer in the configuration. */
  readonly layers: readonly Extent[];
}

/**
 * Reads an image's configuration by its index and verifies its digest.
 *
 * @throws IndexUnusable or ArchiveRefused when the configuration is not at its position or does not match the index.
 * @throws the image service's error.
 */
export async function indexedImage(
  ranges: ImageRanges,
  index: ArchiveIndex,
  { maxMetadataBytes }: ImageLimits,
): Promise<IndexedImage> {
  if (index.configuration.size > maxMetadataBytes) throw new IndexUnusable('its configuration is too large');
  const found = await ranges.read(index.configuration);
  if (createHash('sha256').update(found).digest('hex') !== index.digest)
    throw new IndexUnusable('its configuration has another digest');
  const configuration = configurationForEngine(
    parseConfiguration('the configuration', found.toString('utf8')),
  );
  if (configuration.rootfs.diff_ids.length !== index.layers.length)
    throw new IndexUnusable('its configuration names more or fewer layers than its index');
  return {
    ranges,
    configuration,
    configurationBytes: configurationBytes(configuration, found),
    layers: index.layers,
  };
}

/** Selects the layers to fetch. */
interface MissingLayersOptions {
  /** Layers that the engine has and the requester may use. */
  readonly supplied: SuppliedLayers;
  /** The only reference in the archive. */
  readonly reference: string;
  readonly limits: ImageLimits;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Positions of the layers to fetch, without duplicates, in order of first use. */
export function missingExtents({ layers }: Pick<IndexedImage, 'layers'>, below: number): Extent[] {
  return [...new Map(layers.slice(below).map((extent) => [extent.offset, extent])).values()];
}

/**
 * Makes an archive for the engine with only the missing layers. Each layer is fetched separately and verified against
 * its digest in the configuration. The manifest comes last, so that a failure leaves the archive without one.
 */
export function missingLayersArchive(
  image: IndexedImage,
  { supplied, reference, limits, signal, onProgress }: MissingLayersOptions,
): PartialArchive {
  const { count: below, stored } = supplied;
  const extents = missingExtents(image, below);
  const names = new Map(extents.map(({ offset }, index) => [offset, layerFileName(reference, index + 1)]));
  const { diff_ids: diffIds } = image.configuration.rootfs;
  const named = new Map(image.layers.map(({ offset }, index) => [offset, diffIds[index]]));
  const nameOf = ({ offset }: Extent): string => names.get(offset) ?? '';
  const written = new Map<number, { readonly name: string; readonly file: StoredLayer }>();
  const isForContainerd = stored !== undefined;
  async function* write(reading: AbortSignal): AsyncGenerator<Buffer, ArchivedImage, void> {
    const budget = new ByteBudget(limits.maxBytes);
    const meter = new Meter(onProgress, 'downloading', bytesOf(extents));
    for (const extent of extents) {
      const onBytes = (bytes: number): void => meter.add(bytes, named.get(extent.offset));
      const stream = await image.ranges.stream(extent, reading);
      const { diffId, file } = yield* fetchedLayer({
        name: nameOf(extent),
        extent,
        stream,
        budget,
        onBytes,
        isForContainerd,
      });
      const isRight = image.layers.every(
        ({ offset }, index) => index < below || offset !== extent.offset || diffIds[index] === diffId,
      );
      if (!isRight) throw new IndexUnusable(`the layer at byte ${extent.offset} has another digest`);
      written.set(extent.offset, { name: nameOf(extent), file });
    }
    meter.end();
    const layers = image.layers
      .map(({ size }, index) => ({ size, diffId: diffIds[index] ?? '' }))
      .slice(below);
    const id = yield* writeMetadata({
      layout: isForContainerd ? 'oci' : 'docker',
      configuration: image.configurationBytes,
      reference,
      below,
      stored,
      above: image.layers.slice(below).flatMap(({ offset }) => written.get(offset) ?? []),
    });
    return { id, configuration: image.configuration, layers };
  }
  return {
    ...partialArchive(write, signal),
    sharesFilesOf: stored === undefined ? undefined : supplied,
  };
}

/** Total size of files in bytes. */
export function bytesOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { size }) => sum + size, 0);
}

/** A layer that is being fetched. */
interface FetchedLayer {
  readonly name: string;
  readonly extent: Extent;
  readonly stream: Readable;
  readonly budget: ByteBudget;
  readonly onBytes: (bytes: number) => void;
  /** Whether the layer is for containerd's store, which cannot unpack every compression. */
  readonly isForContainerd: boolean;
}

/** @returns the layer's diff id, and its file as containerd's store will keep it. */
async function* fetchedLayer(
  layer: FetchedLayer,
): AsyncGenerator<Buffer, { readonly diffId: string; readonly file: StoredLayer }, void> {
  const { name, extent, stream, budget, onBytes, isForContainerd } = layer;
  // An error event without a listener would end the process. The reader reports the error.
  stream.on('error', () => undefined);
  try {
    const bytes = new ByteReader(counted(stream, extent.size, onBytes), budget);
    const head = await bytes.read(blockSize);
    const type = contentType(head);
    if (!isLayerType(type)) throw new IndexUnusable(`at byte ${extent.offset} is no layer`);
    if (isForContainerd && (type === 'xz' || type === 'bzip2'))
      throw new IndexUnusable(`the layer at byte ${extent.offset} is compressed with ${type}`);
    const what = `holds a layer at byte ${extent.offset}, which`;
    const { size } = extent;
    const { diffId, blob } = yield* writeLayer({ name, size, type, what, head, rest: bytes.rest() }, budget);
    return { diffId, file: storedLayer({ blob, size, type }) };
  } finally {
    stream.destroy();
  }
}

/** @throws IndexUnusable when the stream has another number of bytes than `size`. */
async function* counted(
  stream: AsyncIterable<unknown>,
  size: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer, void, void> {
  let left = size;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array))
      throw new TypeError('a byte stream yielded something other than bytes');
    left -= chunk.length;
    if (left < 0) break;
    onBytes(chunk.length);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
  if (left !== 0) throw new IndexUnusable(`a range does not have the ${size} bytes requested`);
}
