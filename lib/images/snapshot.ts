import { unlessAborted } from '../streams/index.js';
import type {
  ImageMetadata,
  ImageService,
  Logger,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
} from '../../interfaces/index.js';
import { task_states } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { repository } from '../labels.js';
import { rewriteArchive } from './archive/index.js';
import { snapshotConfiguration } from './snapshot-configuration.js';
import { answerWasLost, discardImage, temporaryName, type TemporaryName } from './temporary-image.js';

/** Where snapshots are taken. */
export interface SnapshotEnvironment {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** The compute host: several may share an engine, and each clears away only its own. */
  readonly host: string;
  readonly logger: Logger;
}

/** What is to be saved, and as what. */
export interface SnapshotRequest extends LongRunningOptions {
  readonly context: RequestContext;
  /** The instance's container and the image that it was made from, as the engine tells them. */
  readonly container: Pick<ContainerInspect, 'Id' | 'Image'>;
  /** The image to fill; it is there already, without data. */
  readonly image_id: string;
  /** What else to write on the image. */
  readonly metadata?: ImageMetadata;
  /** Whether the container stands still while it is committed. */
  readonly pause: boolean;
  /** Told what is about to be done, in Nova's order; what it fails with ends the snapshot. */
  readonly update_task_state: UpdateTaskState;
}

/**
 * Saves a container as an image: commit, save, rewrite, upload, in one stream from the engine to the image service. The image has what the container's
 * files and command make up, and nothing that belongs to the instance. What is made in the engine on the way is gone afterwards.
 *
 * @throws what `update_task_state`, the engine or the image service fail with; the signal's reason when that aborts, which waits for a commit
 * that is under way.
 */
export async function uploadSnapshot(
  environment: SnapshotEnvironment,
  request: SnapshotRequest,
): Promise<void> {
  const { engine, host, logger } = environment;
  const { container, pause, update_task_state, signal, onProgress } = request;
  signal?.throwIfAborted();
  await unlessAborted(update_task_state({ task_state: task_states.IMAGE_PENDING_UPLOAD }), signal);
  const base = await engine.images.inspect(container.Image, { signal });
  const temporary = temporaryName(repository.snapshot, host);
  let answerLost = false;
  try {
    onProgress?.({ phase: 'committing', bytes: 0 });
    // The signal is not heeded here: an engine goes on committing when its client is gone, and undoing would find nothing yet.
    const { repo, tag } = temporary;
    await engine.containers.commit(container.Id, { repo, tag, pause }).catch((error: unknown) => {
      answerLost = answerWasLost(error);
      throw error;
    });
    signal?.throwIfAborted();
    const uploading = {
      task_state: task_states.IMAGE_UPLOADING,
      expected_state: task_states.IMAGE_PENDING_UPLOAD,
    };
    await unlessAborted(update_task_state(uploading), signal);
    await upload(environment, request, temporary, base.Config?.Env ?? []);
  } finally {
    await discardImage(engine, temporary, answerLost, logger);
  }
}

async function upload(
  { engine, imageService }: SnapshotEnvironment,
  { context, container, image_id, metadata, signal, onProgress }: SnapshotRequest,
  { reference }: TemporaryName,
  environment: readonly string[],
): Promise<void> {
  const saved = await engine.images.save(reference, { signal });
  const { archive } = rewriteArchive(saved, {
    subject: `The snapshot of container ${container.Id.slice(0, 12)}`,
    // What the host itself holds may be as large as it is.
    limits: { maxBytes: Infinity },
    rewriteConfiguration: (configuration) => snapshotConfiguration(configuration, environment),
    signal,
  });
  try {
    const formats = { container_format: 'docker', disk_format: 'raw' };
    await imageService.update(context, image_id, { ...metadata, ...formats }, archive, {
      signal,
      onProgress,
    });
  } finally {
    archive.destroy();
  }
}
