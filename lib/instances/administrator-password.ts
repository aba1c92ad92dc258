import type { Instance, Logger } from '../../interfaces/index.js';
import { ImageUnacceptable, InstanceNotRunning, SetAdminPasswdNotSupported } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { mayHaveBeenDone } from '../engine/index.js';
import type { FileToChange, InstanceFiles } from './files-to-write.js';
import { withRootPassword } from './root-password.js';
import { writeFiles } from './write-files.js';

/**
 * Sets the password of root in an instance that runs. A caller that gives up must not leave half a file, so the signal
 * counts before it is written only.
 *
 * @throws InstanceNotRunning when it does not run.
 * @throws SetAdminPasswdNotSupported when it has no accounts with passwords.
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
      if (!mayHaveBeenDone(error)) throw error;
      await write();
    });
  } catch (error) {
    if (!(error instanceof ImageUnacceptable)) throw error;
    // By now it is not the image's any more.
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
