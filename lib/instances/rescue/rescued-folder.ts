import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { InstanceNotRescuable } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine, MountSpecification } from '../../engine/index.js';
import { EngineError, engineWords, isBadRequest } from '../../engine/index.js';

/** Where a rescue container has the files of the instance. */
export const rescuedFolder = '/rescued';

/**
 * The volumes and host directories of a container as mounts below {@link rescuedFolder}: shared with it, not copied.
 */
export function rescuedMounts({ Mounts: mounts }: ContainerInspect): MountSpecification[] {
  return mounts.flatMap((mount): MountSpecification[] => {
    const { Type: type, Name: name, Source: source } = mount;
    const common = { Target: posix.join(rescuedFolder, mount.Destination), ReadOnly: !mount.RW };
    if (type === 'volume' && name !== undefined)
      return [{ ...common, Type: type, Source: name, VolumeOptions: { NoCopy: true } }];
    return type === 'bind' && source !== undefined ? [{ ...common, Type: type, Source: source }] : [];
  });
}

/**
 * Creates the folder for the instance's files in a rescue container.
 *
 * @throws InstanceNotRescuable when the rescue image already has something there: it would become part of the instance.
 */
export async function makeRescuedFolder(
  engine: Engine,
  container: ContainerId,
  signal?: AbortSignal,
): Promise<void> {
  const inTheWay = (cause?: unknown): InstanceNotRescuable =>
    new InstanceNotRescuable(
      `The rescue image has ${rescuedFolder}, where the driver mounts the instance's files`,
      {
        cause,
      },
    );
  const archive = pack();
  archive.entry({ name: rescuedFolder.slice(1), type: 'directory', mode: 0o755 });
  archive.finalize();
  await engine.files
    .putArchive(container, { path: '/', archive: Readable.from(archive), noOverwriteDirNonDir: true })
    .catch((error: unknown) => {
      throw isBadRequest(error) ? inTheWay(error) : error;
    });
  const changes = await engine.files.changes(container, { signal });
  const isNew = changes.some(({ path, kind }) => path === rescuedFolder && kind === 'added');
  if (!isNew) throw inTheWay();
}

/**
 * Whether a rescue container still has the folder with the instance's files: its user may have removed it. Returns
 * false only on the engine's explicit answer, and rethrows other errors.
 */
export async function hasRescuedFolder(
  engine: Engine,
  container: ContainerId,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const archive = await engine.files.getArchive(container, { path: `${rescuedFolder}/.`, signal });
    archive.destroy();
    return true;
  } catch (error) {
    if (isNoSuchFolder(error)) return false;
    throw error;
  }
}

function isNoSuchFolder(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    !error.inBand &&
    error.request.path.endsWith('/archive') &&
    engineWords.noRescuedFolder.test(error.engineMessage)
  );
}
