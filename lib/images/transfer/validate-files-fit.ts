import type { ContainerId, Engine, FileChange, ImageId } from '../../engine/index.js';
import { EngineError, engineWords, undefinedIfNotFound } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { ArchiveBroken, ArchiveRefused, blockSize, ByteBudget } from '../../archives/index.js';
import { isContainerdStore } from '../layers/index.js';
import { filesInFolder } from './copy-file-system.js';
import { instanceReference } from './instance-image.js';
import { copiedBytes, entriesOf, isMark, LayerContent, validateNotWhiteout } from './layer-content.js';
import { listedChanges } from './listed-changes.js';
import { isBeneath, SelectedFiles } from './selected-files.js';
import { layerOfFolder } from './transfer-folder.js';

/** How a container's files are going to be copied. */
export type PlannedCopy =
  /** Into a folder of another container, see `copyFileSystem`. */
  | { readonly kind: 'into a folder'; readonly folder: string; readonly excludedPaths: ReadonlySet<string> }
  /** By the engine, which commits them. */
  | { readonly kind: 'commit'; readonly excludedPaths: ReadonlySet<string> }
  /** As a layer, see `transferFileSystem`. */
  | { readonly kind: 'layer'; readonly volumes: readonly string[]; readonly maxVolumeBytes: number }
  /** A folder of the container as a layer, see `transferFolder`. */
  | {
      readonly kind: 'layer of a folder';
      readonly folder: string;
      readonly excludedPaths: ReadonlySet<string>;
    };

/** Files of a container that will be copied. */
export interface FilesToCopy {
  readonly container: ContainerId;
  /** Maximum sum of file lengths in bytes. Holes count, because copies cannot preserve them. */
  readonly maxBytes: number;
  readonly copy: PlannedCopy;
  readonly signal?: AbortSignal | undefined;
}

/** Attempts to read files that change meanwhile. */
const maxReadings = 3;

/**
 * Validates, before any container is stopped, that a container's files can be copied: they are within the limit, the
 * engine can reach them all, and no file is of a kind that the copy refuses. Reads the files as the copy does, unless
 * the engine's figures suffice.
 *
 * @throws ArchiveRefused when the files cannot be copied.
 * @throws the engine's error, or the signal's reason when the signal aborts.
 */
export async function validateFilesFit(engine: Engine, files: FilesToCopy): Promise<void> {
  const { container, signal } = files;
  const sizes = await measuredFiles(engine, container, signal);
  if (await surelyFit(engine, files, sizes)) return;
  for (let reading = 1; ; reading += 1) {
    const content = contentOf(engine, files);
    try {
      while ((await content.next()).done !== true);
      return;
    } catch (error) {
      if (!(error instanceof ArchiveBroken) || reading === maxReadings) throw error;
    }
  }
}

/** The most files whose lengths are asked for one by one; reading all files is faster than that. */
const maxMeasuredPaths = 200;

/**
 * Whether the engine's figures show that the files can be copied. They do not count the entries of the image, so an
 * image of very many tiny files may exceed the limit only during the copy. Then the rollback of the verb starts the
 * instance again.
 */
async function surelyFit(engine: Engine, files: FilesToCopy, sizes: Sizes): Promise<boolean> {
  const { container, maxBytes, copy, signal } = files;
  // Neither figure includes volumes.
  if (copy.kind === 'layer' && copy.volumes.length > 0) return false;
  const sum = copy.kind === 'layer of a folder' ? sizes.SizeRw : sizes.SizeRootFs;
  if (sum > maxBytes) return false;
  try {
    const changes = await listedChanges(engine, container, signal);
    if (changes === undefined || sum + changes.length * blockSize > maxBytes) return false;
    // An image has no such names: engines interpret them when they unpack it.
    if (copy.kind !== 'into a folder' && changes.some(({ path }) => isMark(path))) return false;
    if (!(await isContainerdStore(engine, signal))) return true;
    // Containerd's store counts blocks, and holes have none.
    return changes.length <= maxMeasuredPaths && sum + (await lengthsOf(engine, files, changes)) <= maxBytes;
  } catch (error) {
    // An engine fails to list or find files that a running container removes meanwhile.
    if (!(error instanceof EngineError)) throw error;
    return false;
  }
}

async function lengthsOf(
  engine: Engine,
  { container, signal }: FilesToCopy,
  changes: readonly FileChange[],
): Promise<number> {
  let sum = 0;
  for (const { path, kind } of changes)
    if (kind !== 'deleted')
      sum += copiedBytes({ size: await engine.files.size(container, { path, signal }) });
  return sum;
}

/** The content of the copy, by the code that will copy it. */
function contentOf(engine: Engine, files: FilesToCopy): AsyncGenerator<unknown, void, void> {
  const { container, maxBytes, copy, signal } = files;
  const source = { container, maxBytes, signal };
  switch (copy.kind) {
    case 'into a folder':
      return filesInFolder({
        engine,
        from: container,
        folder: copy.folder,
        excludedPaths: copy.excludedPaths,
        maxBytes,
        signal,
      });
    case 'commit':
      return committed(engine, files, copy.excludedPaths);
    case 'layer': {
      const { volumes, maxVolumeBytes } = copy;
      return new LayerContent({
        ...source,
        engine,
        selected: SelectedFiles.all(),
        volumes,
        maxVolumeBytes,
      }).bytes();
    }
    case 'layer of a folder':
      return layerOfFolder({
        ...source,
        source: engine,
        folder: copy.folder,
        excludedPaths: copy.excludedPaths,
      });
  }
}

async function* committed(
  engine: Engine,
  { container, maxBytes, signal }: FilesToCopy,
  excludedPaths: ReadonlySet<string>,
): AsyncGenerator<void, void, void> {
  const budget = new ByteBudget(maxBytes);
  for await (const { entry } of entriesOf(await engine.files.exportAll(container, { signal }))) {
    if (isBeneath(entry.path, excludedPaths)) continue;
    validateNotWhiteout(entry.path);
    budget.spend(copiedBytes(entry));
    yield;
  }
}

/** The engine's two sizes of a container's files, in bytes. */
type Sizes = Readonly<Record<'SizeRw' | 'SizeRootFs', number>>;

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
    if (!(error instanceof EngineError) || !engineWords.pathTooLong.test(error.engineMessage)) throw error;
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
