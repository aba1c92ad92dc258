import type { Readable } from 'node:stream';
import type { ContainerId, ContainerInspect, Engine, ImageId } from '../../engine/index.js';
import { EngineError, undefinedIfNotFound } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { ArchiveRefused, ByteBudget } from '../../archives/index.js';
import { isContainerdStore } from '../layers/index.js';
import { instanceReference } from './instance-image.js';
import { entriesOf } from './layer-content.js';
import { folderOf, isBeneath } from './selected-files.js';

/** Files of a container that will be copied. */
interface MeasuredFiles {
  readonly engine: Engine;
  readonly container: ContainerId;
  /** Maximum sum of file lengths in bytes. Holes count, because copies cannot preserve them. */
  readonly limit: number;
  /** Which of the engine's two size fields covers all these files; undefined if neither does. */
  readonly within: 'SizeRw' | 'SizeRootFs' | undefined;
  /**
   * Opens archives of the files, for when the engine's size does not decide: it counts files that the copy omits, or
   * counts blocks instead of lengths.
   */
  readonly archives: () => AsyncIterable<Readable>;
  /** What in the archives lies in volumes and is not copied, by paths relative to them. */
  readonly leftOut?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Attempts to read files that change meanwhile. The engine's archive is damaged when a file shrinks during the read.
 */
const mostReadings = 3;

/**
 * Validates, before any container is stopped, that a container's files can be copied: they are within the limit, and
 * the engine can reach them all. Reads the files only when the engine's size does not decide: on containerd's image
 * store, and when they seem too large.
 *
 * @throws ArchiveRefused when the files cannot be copied.
 * @throws the engine's error, or the signal's reason when the signal aborts.
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

/** The engine's two sizes of a container's files, in bytes. */
type Sizes = Required<Pick<ContainerInspect, 'SizeRw' | 'SizeRootFs'>>;

/**
 * Has the engine measure a container. Engines fail on paths longer than PATH_MAX: they report -1, or "file name too
 * long" with containerd's store (20.10 to 28.5). They silently omit such files from archives and cannot load them as an
 * image.
 *
 * @throws ArchiveRefused when there is such a path.
 * @throws the engine's error otherwise.
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
 * Returns the size in bytes of the image that an instance was booted from, or 0 if unknown; the instance's own files
 * come on top of it. After a rescue or a migration, a label of the instance's image carries the original size.
 *
 * @param image - the image of the instance's container.
 */
export async function bootedBytes(
  engine: Engine,
  image: ImageId,
  uuid: string,
  signal?: AbortSignal,
): Promise<number> {
  const found = await undefinedIfNotFound(engine.images.inspect(image, { signal }));
  if (found === undefined) return 0;
  const own = found.RepoTags.includes(instanceReference(uuid))
    ? /^[0-9]{1,15}$/.exec(found.Config?.Labels[label.bootedBytes] ?? '')?.[0]
    : undefined;
  return own === undefined ? found.Size : Number(own);
}
