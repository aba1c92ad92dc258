import type { Readable } from 'node:stream';
import type { ContainerId, ContainerInspect, Engine, ImageId } from '../../engine/index.js';
import { EngineError, ifThere } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { ArchiveRefused, ByteBudget } from '../../archives/index.js';
import { isContainerdStore } from '../layers/index.js';
import { instanceReference } from './instance-image.js';
import { entriesOf } from './layer-content.js';
import { folderOf, isBeneath } from './selected-files.js';

/** Files of a container that are to be copied. */
interface MeasuredFiles {
  readonly engine: Engine;
  readonly container: ContainerId;
  /** Bytes that they may have, by their lengths: a hole counts, because no copy can keep it. */
  readonly limit: number;
  /** Which of the engine's two sums of the container's lengths has them all; undefined: none. */
  readonly within: 'SizeRw' | 'SizeRootFs' | undefined;
  /** Reads them where the engine's sum does not tell: it counts what a copy leaves out, or blocks instead of lengths. */
  readonly archives: () => AsyncIterable<Readable>;
  /** What in the archives lies in volumes and is not copied, by paths relative to them. */
  readonly leftOut?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/** How often files are read that change meanwhile: an archive of a file that shrinks just then is damaged. */
const mostReadings = 3;

/**
 * Makes sure, before anything is stopped for it, that a container's files can be copied: they are not too large, and
 * the engine can reach them all. It reads them only where it cannot tell their size: those of an image store of
 * containerd, and those that seem too large.
 *
 * @throws ArchiveRefused when they cannot be copied; what the engine fails with; the signal's reason when that aborts.
 */
export async function filesMustFit(files: MeasuredFiles): Promise<void> {
  const { engine, container, limit, within, leftOut = new Set(), signal } = files;
  const sizes = await measuredFiles(engine, container, signal);
  const sum = within === undefined ? undefined : sizes[within];
  if (sum !== undefined && sum <= limit && !(await isContainerdStore(engine, signal))) return;
  for (let reading = 1; ; reading += 1) {
    const budget = new ByteBudget(limit);
    try {
      for await (const archive of files.archives())
        for await (const { entry } of entriesOf(archive))
          if (!isBeneath(folderOf(entry.path), leftOut)) budget.spend(entry.size);
      return;
    } catch (error) {
      if (!(error instanceof ArchiveRefused) || budget.isExceeded || reading === mostReadings) throw error;
    }
  }
}

/** What a container's files have, by the engine's two sums. */
type Sizes = Required<Pick<ContainerInspect, 'SizeRw' | 'SizeRootFs'>>;

/**
 * Has the engine measure a container. It cannot where something lies deeper than file names can say (it tells -1 then;
 * with containerd's store it answers "file name too long"; 20.10 to 28.5). Such files it leaves out of archives without
 * a word, and cannot load as an image.
 *
 * @throws ArchiveRefused when it is so; what the engine fails with.
 */
export async function measuredFiles(
  engine: Engine,
  container: ContainerId,
  signal?: AbortSignal,
): Promise<Sizes> {
  try {
    const sizes = await engine.containers.inspect(container, { size: true, signal });
    const { SizeRw: written, SizeRootFs: all } = sizes;
    if (written !== undefined && all !== undefined && written >= 0)
      return { SizeRw: written, SizeRootFs: all };
    throw new ArchiveRefused(pathTooLong);
  } catch (error) {
    if (!(error instanceof EngineError) || !/file name too long/i.test(error.engineMessage)) throw error;
    throw new ArchiveRefused(pathTooLong, error);
  }
}

const pathTooLong =
  'holds a path that is too long for the engine (4096 bytes, with that of its data directory): shorten or remove it';

/**
 * Bytes of the image that an instance was booted from, as far as that is known: what an instance may have written comes
 * on top. The image of an instance that was rescued or has moved has in a label what the first one had.
 *
 * @param image - that of its container.
 */
export async function bootedBytes(
  engine: Engine,
  image: ImageId,
  uuid: string,
  signal?: AbortSignal,
): Promise<number> {
  const found = await ifThere(engine.images.inspect(image, { signal }));
  if (found === undefined) return 0;
  const own = found.RepoTags.includes(instanceReference(uuid))
    ? /^[0-9]{1,15}$/.exec(found.Config?.Labels[label.bootedBytes] ?? '')?.[0]
    : undefined;
  return own === undefined ? found.Size : Number(own);
}
