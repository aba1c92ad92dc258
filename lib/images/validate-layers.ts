import { NovaException } from '../../interfaces/index.js';
import type { Compression } from '../archives/index.js';
import { isAtLeast } from '../engine/index.js';
import type { ShownImage } from '../image-services/index.js';
import type { LayersInEngine } from './layers/index.js';

/** First API version whose engines (Docker 23.0) unpack zstd layers. */
const firstWithZstd = '1.42';

/** The image, and the engine that is to load it. */
interface ImageToLoad {
  readonly layers: LayersInEngine;
  readonly record: ShownImage;
  readonly signal: AbortSignal;
}

/** @throws NovaException when this engine cannot decompress such a layer; another host's engine may. */
export async function validateLayerCompression(
  { layers, record, signal }: ImageToLoad,
  compression: Compression,
  apiVersion: string,
): Promise<void> {
  const refused = (which: string): NovaException =>
    new NovaException(
      `Image ${record.id} has a layer that is compressed with ${compression}: this host's engine cannot unpack that, ${which} can`,
    );
  switch (compression) {
    case 'gzip':
      return;
    case 'zstd':
      if (!isAtLeast(apiVersion, firstWithZstd)) throw refused('Docker 23.0 and later');
      return;
    case 'xz':
    case 'bzip2':
      if (await layers.isContainerdStore(signal)) throw refused('one with the classic image store');
  }
}

/** Layers that an engine with a classic image store can stack. containerd's store has no such limit. */
const maxLayersInClassicStore = 125;

/** @throws NovaException when this engine cannot stack so many layers; another host's engine may. */
export async function validateLayerCount(
  { layers, record, signal }: ImageToLoad,
  count: number,
): Promise<void> {
  if (count <= maxLayersInClassicStore || (await layers.isContainerdStore(signal))) return;
  throw new NovaException(
    `Image ${record.id} has ${count} layers: this host's engine allows ${maxLayersInClassicStore}, an engine with the containerd image store more`,
  );
}
