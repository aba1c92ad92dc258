import { raceSignal } from '../streams/index.js';
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
import { mayHaveSucceeded } from '../engine/index.js';
import { label, repository } from '../common/index.js';
import type { ImageConfiguration } from '../archives/index.js';
import { deltaBase, uploadAbove, uploadWhole } from './layers/index.js';
import { snapshotConfiguration } from './snapshot-configuration.js';
import { discardImage, temporaryName } from './references/index.js';

/** The engine, image service and host of a snapshot. */
interface SnapshotEnvironment {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** Name of the compute host. Hosts that share an engine clean up only their own temporary images. */
  readonly host: string;
  readonly logger: Logger;
}

/** The container to save, and the image to save it as. */
export interface SnapshotRequest extends LongRunningOptions {
  readonly context: RequestContext;
  /** The instance's container and that container's image, as the engine reports them. */
  readonly container: Pick<ContainerInspect, 'Id' | 'Image'>;
  /** Id of the image to fill. Its record exists already, without data. */
  readonly image_id: string;
  /** Further metadata to write to the image. */
  readonly metadata?: ImageMetadata;
  /**
   * Id of the image that the instance was booted from. When set, the snapshot holds only the layers above that image,
   * where possible.
   */
  readonly above?: string;
  /** Whether the engine pauses the container during the commit. */
  readonly pause: boolean;
  /** Runs the commit when the container is ready; its error fails the snapshot. Default: commit at once. */
  readonly whenReady?: (commit: () => Promise<unknown>) => Promise<void>;
  /** Reports the next task state, in Nova's order. Its error fails the snapshot. */
  readonly update_task_state: UpdateTaskState;
}

/**
 * Commits a container as an image of the engine, with the container's files and command. The container may change or be
 * removed once this resolves.
 *
 * @returns the snapshot, which the caller must upload or discard.
 * @throws the error of `update_task_state` or the engine.
 * @throws the signal's reason when the signal aborts. A running commit is awaited first.
 */
export async function takeSnapshot(
  environment: SnapshotEnvironment,
  request: SnapshotRequest,
): Promise<Snapshot> {
  const { engine, host } = environment;
  const { container, pause, whenReady, update_task_state, signal, onProgress } = request;
  signal?.throwIfAborted();
  await raceSignal(update_task_state({ task_state: task_states.IMAGE_PENDING_UPLOAD }), signal);
  // Check the image record first: a missing or forbidden image must not cost the instance a pause.
  await environment.imageService.show(request.context, request.image_id, { signal });
  const base = await engine.images.inspect(container.Image, { signal });
  const temporary = temporaryName(repository.snapshot, host);
  const snapshot = new Snapshot(environment, request, temporary.reference, base.Config);
  let answerLost = false;
  try {
    onProgress?.({ phase: 'committing', bytes: 0 });
    // Ignores the signal: an engine continues a commit without its client, and a rollback would find nothing to remove
    // yet.
    const { repo, tag } = temporary;
    const configuration = { Labels: { [label.temporary]: tag } };
    const commit = (): Promise<unknown> =>
      engine.containers.commit(container.Id, { repo, tag, pause, configuration }).catch((error: unknown) => {
        answerLost = mayHaveSucceeded(error);
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

/** A committed container, to be uploaded to the image service. */
export class Snapshot {
  readonly #environment: SnapshotEnvironment;
  readonly #request: SnapshotRequest;
  readonly #committed: ImageReference;
  /** Configuration of the image that the container was created from. */
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
   * Streams the image from the engine to the image service, without the instance's own data. Removes it from the
   * engine, also on failure.
   *
   * @throws the error of `update_task_state`, the engine or the image service, or the signal's reason when the signal
   * aborts.
   */
  async upload(): Promise<void> {
    const { update_task_state, signal } = this.#request;
    try {
      const uploading = {
        task_state: task_states.IMAGE_UPLOADING,
        expected_state: task_states.IMAGE_PENDING_UPLOAD,
      };
      await raceSignal(update_task_state(uploading), signal);
      await this.#stream();
    } finally {
      await this.discard(false);
    }
  }

  /**
   * Removes the image from the engine.
   *
   * @param mayAppear - whether the engine may still finish the commit.
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
