import type { Instance } from '../../interfaces/index.js';
import { InstanceNotRunning } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { isConflict, mayHaveBeenDone } from '../engine/index.js';

/**
 * The signal that tells a program to end and to leave what is needed to find out why: systemd's watchdog sends it for
 * that purpose, and language runtimes (Go, Python's faulthandler) dump their state on it. SIGQUIT would do the same to
 * some, but is an orderly end to many servers.
 */
const crashSignal = 'SIGABRT';

/**
 * Sends an instance's first process the signal to dump its state. As with the interrupt that a virtual machine gets,
 * what comes of it is the program's to say: the kernel keeps signals without a handler away from the first process of a
 * container.
 *
 * @throws InstanceNotRunning when it does not run, or is frozen: the engine would wake it for the signal, or not,
 * depending on its image (20.10 to 28.5).
 */
export async function triggerCrashDump(
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
      throw new InstanceNotRunning(`Instance ${instance_uuid} has just ended`, {
        instance_uuid,
        cause: error,
      });
    // Not sent again when the answer was lost: the program may be dumping its state. One that has ended has heard it.
    if (!mayHaveBeenDone(error) || (await engine.containers.inspect(container, { signal })).State.Running)
      throw error;
  }
}
