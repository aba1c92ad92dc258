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
import type { ContainerInspect, Engine, ImageInspect, ImageReference } from '../engine/index.js';
import { mayHaveBeenDone } from '../engine/index.js';
import { label, repository } from '../common/index.js';
import type { ImageConfiguration } from '../archives/index.js';
import { deltaBase, uploadAbove, uploadWhole } from './layers/index.js';
import { snapshotConfiguration } from './snapshot-configuration.js';
import { discardImage, temporaryName } from './references/index.js';

/** Where snapshots are taken. */
interface SnapshotEnvironment {
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
  /**
   * The image that the instance was booted from: given when only what lies above it is to be saved, where that can be.
   */
  readonly above?: string;
  /** Whether the container stands still while it is committed. */
  readonly pause: boolean;
  /** Has the commit made when the container is ready for it; what it fails with ends the snapshot. Default: at once. */
  readonly whenReady?: (commit: () => Promise<unknown>) => Promise<void>;
  /** Told what is about to be done, in Nova's order; what it fails with ends the snapshot. */
  readonly update_task_state: UpdateTaskState;
}

/**
 * Commits a container as an image of the engine. It holds what the container's files and command make up; the container
 * may change, or go, from now on.
 *
 * @returns what must be uploaded, or else be discarded.
 * @throws what `update_task_state` or the engine fail with; the signal's reason when that aborts, which waits for a
 * commit that is under way.
 */
export async function takeSnapshot(
  environment: SnapshotEnvironment,
  request: SnapshotRequest,
): Promise<Snapshot> {
  const { engine, host } = environment;
  const { container, pause, whenReady, update_task_state, signal, onProgress } = request;
  signal?.throwIfAborted();
  await unlessAborted(update_task_state({ task_state: task_states.IMAGE_PENDING_UPLOAD }), signal);
  // An image that is not there, or not for this caller, must not cost the instance a pause.
  await environment.imageService.show(request.context, request.image_id, { signal });
  const base = await engine.images.inspect(container.Image, { signal });
  const temporary = temporaryName(repository.snapshot, host);
  const snapshot = new Snapshot(environment, request, temporary.reference, base.Config);
  let answerLost = false;
  try {
    onProgress?.({ phase: 'committing', bytes: 0 });
    // The signal is not heeded here: an engine goes on committing when its client is gone, and undoing would find
    // nothing yet.
    const { repo, tag } = temporary;
    const configuration = { Labels: { [label.temporary]: tag } };
    const commit = (): Promise<unknown> =>
      engine.containers.commit(container.Id, { repo, tag, pause, configuration }).catch((error: unknown) => {
        answerLost = mayHaveBeenDone(error);
        throw error;
      });
    await (whenReady === undefined ? commit() : whenReady(commit));
    signal?.throwIfAborted();
    return snapshot;
  } catch (error) {
    await snapshot.discard(answerLost);
    throw error;
  }
}

/** A container that was committed and is on its way to the image service. */
export class Snapshot {
  readonly #environment: SnapshotEnvironment;
  readonly #request: SnapshotRequest;
  readonly #committed: ImageReference;
  /** What the image says to its containers that the container was made from. */
  readonly #booted: ImageInspect['Config'];

  constructor(
    environment: SnapshotEnvironment,
    request: SnapshotRequest,
    committed: ImageReference,
    booted: ImageInspect['Config'],
  ) {
    this.#environment = environment;
    this.#request = request;
    this.#committed = committed;
    this.#booted = booted;
  }

  /**
   * Streams it from the engine to the image service, without what belongs to the instance, and removes it from the
   * engine, whatever comes of it.
   *
   * @throws what `update_task_state`, the engine or the image service fail with; the signal's reason when that aborts.
   */
  async upload(): Promise<void> {
    const { update_task_state, signal } = this.#request;
    try {
      const uploading = {
        task_state: task_states.IMAGE_UPLOADING,
        expected_state: task_states.IMAGE_PENDING_UPLOAD,
      };
      await unlessAborted(update_task_state(uploading), signal);
      await this.#stream();
    } finally {
      await this.discard(false);
    }
  }

  /**
   * Removes it from the engine.
   *
   * @param mayAppear - the engine may commit it still.
   */
  async discard(mayAppear: boolean): Promise<void> {
    const { engine, logger } = this.#environment;
    await discardImage(engine, { reference: this.#committed }, mayAppear, logger);
  }

  async #stream(): Promise<void> {
    const { engine, imageService, logger } = this.#environment;
    const { context, container, image_id, metadata, above, signal, onProgress } = this.#request;
    const committed = this.#committed;
    const base =
      above === undefined
        ? undefined
        : await deltaBase({
            engine,
            imageService,
            context,
            image_id,
            base_id: above,
            committed,
            signal,
            logger,
          });
    const upload = {
      imageService,
      context,
      image_id,
      metadata: { ...metadata, container_format: 'docker', disk_format: 'raw' },
      subject: `The snapshot of container ${container.Id.slice(0, 12)}`,
      rewriteConfiguration: (configuration: ImageConfiguration): object =>
        snapshotConfiguration(configuration, this.#booted),
      logger,
      signal,
      onProgress,
    };
    const saved = await engine.images.save(committed, { signal });
    await (base === undefined ? uploadWhole(saved, upload) : uploadAbove(saved, base, upload));
  }
}
