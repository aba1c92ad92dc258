import type {
  ImageMetadata,
  ImageRecord,
  ImageService,
  Logger,
  LongRunningOptions,
  RequestContext,
} from '../../../interfaces/index.js';
import type { Engine } from '../../engine/index.js';
import { rewriteArchive } from '../../archives/index.js';
import { followingLayers } from '../../progress/index.js';
import type { TemporaryName } from '../../images/index.js';

/** With what images get from sources into the image service. */
export interface SourceEnvironment {
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly host: string;
  readonly logger: Logger;
  /** Bytes that a source may have. */
  readonly maxBytes: number;
}

/** What the image service is asked to make. */
export interface Registration extends LongRunningOptions {
  readonly context: RequestContext;
  readonly metadata: ImageMetadata;
}

/**
 * Streams an image from the engine to the image service.
 *
 * @param subject - the image, as the beginning of a sentence.
 * @returns the image's record.
 * @throws what the engine or the image service fail with; the signal's reason when that aborts.
 */
export async function registerFromEngine(
  { engine, imageService }: SourceEnvironment,
  { context, metadata, signal, onProgress }: Registration,
  { reference }: Pick<TemporaryName, 'reference'>,
  subject: string,
): Promise<ImageRecord> {
  const saved = await engine.images.save(reference, { signal });
  const followed = followingLayers(onProgress);
  // What the engine itself holds may be as large as it is.
  const { archive } = rewriteArchive(saved, {
    subject,
    limits: { maxBytes: Infinity, maxLayers: Infinity },
    signal,
    onLayer: followed.onLayer,
  });
  try {
    return await imageService.create(context, metadata, archive, { signal, onProgress: followed.onProgress });
  } finally {
    archive.destroy();
  }
}
