import type { Flavor, Instance } from '../../../interfaces/index.js';
import { GiB } from '../../common/index.js';
import type { ContainerId, ImageId } from '../../engine/index.js';
import { isNotFound } from '../../engine/index.js';
import { ArchiveRefused } from '../../archives/index.js';
import { bootedBytes, validateFilesFit, type FilesToCopy, measuredFiles } from '../../images/index.js';
import type { VerbFailure } from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';

/** How much of an instance's files a verb may copy, in bytes. */
export interface CopyBounds {
  /** The limit on the size of all files together: those of the image and those that the instance has written. */
  readonly maxBytes: number;
  /** Bytes of the boot image. */
  readonly bootedBytes: number;
  /** The limit on the size of the files in volumes, which travel in a migration. */
  readonly maxVolumeBytes: number;
}

/**
 * How much a verb may copy: the image's size plus what the instance may have written. That is its flavor's disk, or the
 * option `maxCopiedBytes` if the flavor sets no limit. Volumes are not on the root disk: they may hold `maxCopiedBytes`
 * of their own, on top of the flavor's ephemeral disks.
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
  const written = root_gb > 0 ? (root_gb + ephemeral_gb) * GiB : policy.maxCopiedBytes;
  const maxVolumeBytes = ephemeral_gb * GiB + policy.maxCopiedBytes;
  return { maxBytes: booted + written, bootedBytes: booted, maxVolumeBytes };
}

/**
 * Checks that a verb can copy an instance's files, while the instance keeps running.
 *
 * @param failure - the exception to throw if it cannot.
 */
export async function validateFilesCopyable(
  { engine }: ComputeNode,
  instance: Instance,
  files: FilesToCopy,
  failure: VerbFailure,
): Promise<void> {
  await asFailure(instance, failure, () =>
    validateFilesFit(engine, files).catch((error: unknown) => {
      // If the folder does not exist, there is nothing to copy.
      if (files.copy.kind !== 'layer of a folder' || !isNotFound(error)) throw error;
    }),
  );
}

/** Checks that the copy of an instance's files can be copied back later. */
export async function validateCopyReachable(
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
