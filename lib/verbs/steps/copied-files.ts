import type { Readable } from 'node:stream';
import type { Flavor, Instance } from '../../../interfaces/index.js';
import type { ContainerId, ImageId } from '../../engine/index.js';
import { isNotFound } from '../../engine/index.js';
import { ArchiveRefused } from '../../archives/index.js';
import { bootedBytes, filesMustFit, measuredFiles } from '../../images/index.js';
import type { VerbFailure } from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';

const gibibyte = 1024 ** 3;

/** How much of an instance's files a verb may copy, in bytes. */
export interface CopyBounds {
  /** The limit on the size of all files together: those of the image and those that the instance has written. */
  readonly limit: number;
  /** The share of the image that the instance was booted from. */
  readonly bootedBytes: number;
}

/**
 * How much a verb may copy: the image's size plus what the instance may have written. That is its flavor's disk, or the
 * option `maxCopiedBytes` if the flavor sets no limit.
 *
 * @param image - the image of the instance's container.
 */
export async function copyBounds(
  { engine, policy }: ComputeNode,
  { uuid }: Instance,
  { root_gb, ephemeral_gb = 0 }: Pick<Flavor, 'root_gb' | 'ephemeral_gb'>,
  image: ImageId,
  signal?: AbortSignal,
): Promise<CopyBounds> {
  const booted = await bootedBytes(engine, image, uuid, signal);
  const written = root_gb > 0 ? (root_gb + ephemeral_gb) * gibibyte : policy.maxCopiedBytes;
  return { limit: booted + written, bootedBytes: booted };
}

/** Files that a verb is about to copy. */
interface FilesToCopy {
  readonly container: ContainerId;
  readonly limit: number;
  /** A folder of the container. Default: all files. */
  readonly folder?: string;
  /** Folders of volumes that are copied too, as paths without a leading slash. */
  readonly volumes?: readonly string[];
  /** What in the folder lies in volumes and stays there; paths relative to the folder. */
  readonly leftOut?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks that a verb can copy an instance's files, while the instance keeps running.
 *
 * @param failure - the exception to throw if it cannot.
 */
export async function filesMustBeCopyable(
  { engine }: ComputeNode,
  instance: Instance,
  { container, limit, folder, volumes = [], leftOut, signal }: FilesToCopy,
  failure: VerbFailure,
): Promise<void> {
  async function* archives(): AsyncGenerator<Readable, void, void> {
    if (folder === undefined) yield await engine.files.exportAll(container, { signal });
    const folders = [...(folder === undefined ? [] : [folder]), ...volumes.map((volume) => `/${volume}`)];
    for (const path of folders) yield await engine.files.getArchive(container, { path: `${path}/.`, signal });
  }
  const within = folder === undefined ? 'SizeRootFs' : 'SizeRw';
  const hasSum = volumes.length === 0;
  await asFailure(instance, failure, () =>
    filesMustFit({
      engine,
      container,
      limit,
      within: hasSum ? within : undefined,
      archives,
      ...(leftOut === undefined ? {} : { leftOut }),
      signal,
    }).catch((error: unknown) => {
      // If the folder does not exist, there is nothing to copy.
      if (folder === undefined || !isNotFound(error)) throw error;
    }),
  );
}

/** Checks that the copy of an instance's files can be copied back later. */
export async function copyMustBeReachable(
  { engine }: ComputeNode,
  instance: Instance,
  container: ContainerId,
  failure: VerbFailure,
  signal?: AbortSignal,
): Promise<void> {
  await asFailure(instance, failure, () => measuredFiles(engine, container, signal));
}

async function asFailure(
  { uuid }: Instance,
  failure: VerbFailure,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new failure(`The file system of instance ${uuid} ${error.message}`, {
      cause: error,
      instance_uuid: uuid,
    });
  }
}
