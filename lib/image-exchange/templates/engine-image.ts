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

/** Dependencies and limits for registering an image from a source. */
export interface SourceEnvironment {
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly host: string;
  readonly logger: Logger;
  /** Maximum size of a source in bytes. */
  readonly maxBytes: number;
}

/** The image to create in the image service. */
export interface Registration extends LongRunningOptions {
  readonly context: RequestContext;
  readonly metadata: ImageMetadata;
}

/**
 * Streams an image from the engine to the image service.
 *
 * @param subject - name of the image, used as the start of error messages.
 * @returns the image's record.
 * @throws the error of the engine or the image service, or the signal's reason when the signal aborts.
 */
export async function registerFromEngine(
  { engine, imageService }: SourceEnvironment,
  { context, metadata, signal, onProgress }: Registration,
  { reference }: Pick<TemporaryName, 'reference'>,
  subject: string,
): Promise<ImageRecord> {
  const saved = await engine.images.save(reference, { signal });
  const followed = followingLayers(onProgress);
  // No limits: the image is already in the engine.
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
