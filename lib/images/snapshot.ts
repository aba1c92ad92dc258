import type {
  ImageService,
  Instance,
  Logger,
  LongRunningOptions,
  RequestContext,
  UpdateTaskState,
} from '../../interfaces/index.js';
import { task_states } from '../../interfaces/index.js';
import type { ContainerInspect, Engine, ImageInspect } from '../engine/index.js';
import { mayHaveSucceeded } from '../engine/index.js';
import { label, repository } from '../common/index.js';
import type { ImageConfiguration } from '../archives/index.js';
import { deltaBase, pushSnapshot, type SnapshotReceiver, uploadAbove, uploadWhole } from './layers/index.js';
import { snapshotConfiguration } from './snapshot-configuration.js';
import { snapshotMetadata } from './snapshot-metadata.js';
import { discardImage, temporaryName, type TemporaryName } from './references/index.js';

/** The engine, image service and host of a snapshot. */
interface SnapshotEnvironment {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** Name of the compute host. Hosts that share an engine clean up only their own temporary images. */
  readonly host: string;
  /** Where the engine can push snapshots to. Default: the engine exports them. */
  readonly snapshotReceiver?: SnapshotReceiver | undefined;
  readonly logger: Logger;
}

/** The container to save, and the image to save it as. */
export interface SnapshotRequest extends LongRunningOptions {
  readonly context: RequestContext;
  /** The instance's container and that container's image, as the engine reports them. */
  readonly container: Pick<ContainerInspect, 'Id' | 'Image'>;
  /** Id of the image to fill. Its record exists already, without data. */
  readonly image_id: string;
  /** The project of the instance. */
  readonly project_id?: Instance['project_id'];
  /**
   * Id of the image that the instance was booted from. When set, the snapshot holds only the layers above that image,
   * where possible.
   */
  readonly above?: string;
  /** Whether the engine pauses the container during the commit. */
  readonly pause: boolean;
  /** Reports the next task state, in Nova's order. Its error fails the snapshot. */
  readonly update_task_state: UpdateTaskState;
}

/** A snapshot of a container: announce it, commit it, then upload it. After a failure before the upload, discard it. */
export class Snapshot {
  readonly #environment: SnapshotEnvironment;
  readonly #request: SnapshotRequest;
  readonly #temporary: TemporaryName;
  /** Configuration of the image that the container was created from. */
  readonly #booted: ImageInspect['Config'];
  /** Whether the engine may still finish the commit. */
  #mayAppear = false;

  private constructor(
    environment: SnapshotEnvironment,
    request: SnapshotRequest,
    temporary: TemporaryName,
    booted: ImageInspect['Config'],
  ) {
    this.#environment = environment;
    this.#request = request;
    this.#temporary = temporary;
    this.#booted = booted;
  }

  /**
   * Reports to the orchestrator that a snapshot begins, and validates that its image can be filled.
   *
   * @throws the error of `update_task_state`, the image service or the engine; the signal's reason when it aborts.
   */
  static async announce(environment: SnapshotEnvironment, request: SnapshotRequest): Promise<Snapshot> {
    const { engine, imageService, host } = environment;
    const { context, container, image_id, update_task_state, signal, onProgress } = request;
    signal?.throwIfAborted();
    await update_task_state({ task_state: task_states.IMAGE_PENDING_UPLOAD });
    // Check the image record first: a missing or forbidden image must not cost the instance a pause.
    await imageService.show(context, image_id, { signal });
    const base = await engine.images.inspect(container.Image, { signal });
    onProgress?.({ phase: 'committing', bytes: 0 });
    return new Snapshot(environment, request, temporaryName(repository.snapshot, host), base.Config);
  }

  /**
   * Commits the container as an image of the engine, with the container's files and command. The container may change
   * or be removed once this resolves.
   *
   * It ignores the signal: an engine continues a commit without its client, and {@link discard} would find nothing to
   * remove yet.
   */
  async commit(): Promise<void> {
    const { container, pause } = this.#request;
    const { repo, tag } = this.#temporary;
    const configuration = { Labels: { [label.temporary]: tag } };
    try {
      await this.#environment.engine.containers.commit(container.Id, { repo, tag, pause, configuration });
    } catch (error) {
      this.#mayAppear = mayHaveSucceeded(error);
      throw error;
    }
  }

  /**
   * Streams the image from the engine to the image service, without the instance's own data. Removes it from the
   * engine, also on failure.
   *
   * @throws the error of `update_task_state`, the engine or the image service, or the signal's reason when the signal
   * aborts.
   */
  async upload(): Promise<void> {
    try {
      await this.#request.update_task_state({
        task_state: task_states.IMAGE_UPLOADING,
        expected_state: task_states.IMAGE_PENDING_UPLOAD,
      });
      await this.#stream();
    } finally {
      await this.discard();
    }
  }

  /** Removes the image from the engine. */
  async discard(): Promise<void> {
    const { engine, logger } = this.#environment;
    await discardImage(engine, this.#temporary, this.#mayAppear, logger);
  }

  async #stream(): Promise<void> {
    const { engine, imageService, snapshotReceiver: receiver, logger } = this.#environment;
    const { context, container, image_id, project_id, above, signal, onProgress } = this.#request;
    const { reference: committed, tag } = this.#temporary;
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
      metadata: snapshotMetadata(project_id),
      subject: `The snapshot of container ${container.Id.slice(0, 12)}`,
      rewriteConfiguration: (configuration: ImageConfiguration): object =>
        snapshotConfiguration(configuration, this.#booted),
      logger,
      signal,
      onProgress,
    };
    const stored = base?.stored;
    await using pushed = await pushSnapshot({
      ...{ engine, receiver, committed, tag, stored, signal, onProgress, logger },
    });
    const saved = pushed?.archive ?? (await engine.images.save(committed, { signal }));
    await (base === undefined ? uploadWhole(saved, upload) : uploadAbove(saved, base, upload));
  }
}
