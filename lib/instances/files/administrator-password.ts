import type { Instance, Logger } from '../../../interfaces/index.js';
import {
  ImageUnacceptable,
  InstanceNotRunning,
  SetAdminPasswdNotSupported,
} from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../engine/index.js';
import { mayHaveSucceeded } from '../../engine/index.js';
import type { FileToChange, InstanceFiles } from './files-to-write.js';
import { withRootPassword } from './root-password.js';
import { writeFiles } from './write-files.js';

/**
 * Sets root's password in a running instance. The signal counts only until the file is written: an abort must not leave
 * half a file.
 *
 * @throws InstanceNotRunning when the instance does not run.
 * @throws SetAdminPasswdNotSupported when the instance has no usable /etc/shadow.
 */
export async function setAdministratorPassword(
  engine: Engine,
  instance: Instance,
  { Id: container, State: state }: ContainerInspect,
  password: string,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> {
  if (state.Status !== 'running')
    throw new InstanceNotRunning(`Instance ${instance.uuid} is ${state.Status}`, {
      instance_uuid: instance.uuid,
    });
  const files: InstanceFiles = { write: [], change: [shadowWith(password, instance)] };
  const write = (): Promise<void> => writeFiles(engine, container, files, logger, signal);
  try {
    await write().catch(async (error: unknown) => {
      signal?.throwIfAborted();
      if (!mayHaveSucceeded(error)) throw error;
      await write();
    });
  } catch (error) {
    if (!(error instanceof ImageUnacceptable)) throw error;
    // The instance may have changed the file since, so this error does not blame the image.
    throw new SetAdminPasswdNotSupported(`Instance ${instance.uuid} has no usable /etc/shadow`, {
      cause: error,
      instance_uuid: instance.uuid,
    });
  }
}

function shadowWith(password: string, { uuid: instance_uuid }: Instance): FileToChange {
  const path = 'etc/shadow';
  return {
    path,
    change: (existing) => {
      const changed =
        existing === undefined ? undefined : withRootPassword(existing.contents.toString(), password);
      if (existing === undefined || changed === undefined)
        throw new SetAdminPasswdNotSupported(
          `Instance ${instance_uuid} has no usable /${path} with a line for root`,
          { instance_uuid },
        );
      return { ...existing, contents: Buffer.from(changed) };
    },
  };
}
