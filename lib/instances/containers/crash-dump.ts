import type { Instance } from '../../../interfaces/index.js';
import { InstanceNotRunning } from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../engine/index.js';
import { isConflict, mayHaveSucceeded } from '../../engine/index.js';

/**
 * The signal that makes a program end and leave a dump: systemd's watchdog sends it for that purpose, and language
 * runtimes (Go, Python's faulthandler) dump their state on it. SIGQUIT also does so for some programs, but many servers
 * treat it as a request for an orderly end.
 */
const crashSignal = 'SIGABRT';

/**
 * Sends the dump signal to an instance's first process. The program decides what to do, as a guest operating system
 * does on an NMI: the kernel does not deliver a signal without a handler to a container's first process.
 *
 * @throws InstanceNotRunning when the instance does not run or is frozen. Depending on the image, the engine would wake
 * a frozen container for the signal, or not (20.10 to 28.5).
 */
export async function sendCrashSignal(
  engine: Engine,
  { uuid: instance_uuid }: Instance,
  { Id: container, State: state }: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  if (state.Status !== 'running')
    throw new InstanceNotRunning(`Instance ${instance_uuid} is ${state.Status}`, { instance_uuid });
  try {
    await engine.containers.kill(container, { signal: crashSignal, abortSignal: signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (isConflict(error))
      throw new InstanceNotRunning(`Instance ${instance_uuid} has just stopped`, {
        instance_uuid,
        cause: error,
      });
    // If the answer was lost, do not send the signal again: the program may be writing its dump. If it has ended, it
    // got it.
    if (!mayHaveSucceeded(error) || (await engine.containers.inspect(container, { signal })).State.Running)
      throw error;
  }
}
