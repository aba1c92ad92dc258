import type { ConsoleConnection, Instance } from '../../interfaces/index.js';
import { ConsoleTypeUnavailable, InstanceNotReady, NovaException } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { isNotFound } from '../engine/index.js';
import { inspectInstance } from '../instances/index.js';
import type { ComputeNode } from './definition/index.js';

/**
 * What no user types. The engine always has such keys, keeps the first of them back until the next one comes, and by
 * default that is what shells have for the line before. Control characters of which no terminal's program begins with
 * the first.
 */
const detachKeys = 'ctrl-^,ctrl-_,ctrl-^,ctrl-^,ctrl-_,ctrl-_,ctrl-^,ctrl-_,ctrl-_,ctrl-^,ctrl-^,ctrl-_';

/**
 * Opens a port with an instance's terminal. Whoever comes there is connected to the container that is the instance's at
 * that time.
 *
 * @throws ConsoleTypeUnavailable when there are no serial consoles, or the instance has no terminal; InstanceNotReady
 * when it does not run; what the engine fails with when it cannot say: a port that is open then stays so.
 */
export async function serialConsole(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  signal: AbortSignal,
): Promise<ConsoleConnection> {
  const { serialConsoles, engine, host } = node;
  const { uuid: instance_uuid } = instance;
  if (serialConsoles === undefined)
    throw new ConsoleTypeUnavailable('This host has no serial consoles: see the option serialConsole', {
      instance_uuid,
    });
  terminalMustLive(instance, container);
  const opened = await serialConsoles.open(instance_uuid, async (ending) => {
    const current = await inspectInstance(engine, host, instance, ending);
    terminalMustLive(instance, current);
    const how = { stdin: true, stdout: true, stderr: true, tty: true, detachKeys, signal: ending };
    return await engine.containers.attach(current.Id, how);
  });
  try {
    terminalMustLive(instance, await inspectInstance(engine, host, instance, signal));
  } catch (error) {
    // Whatever stopped or removed the instance meanwhile came too early to close what was not open yet. That nobody can
    // tell says nothing of the instance.
    if (isNotFound(error) || error instanceof NovaException) await serialConsoles.close(instance_uuid);
    throw error;
  }
  return opened;
}

/** @throws ConsoleTypeUnavailable, InstanceNotReady. */
function terminalMustLive({ uuid: instance_uuid }: Instance, container: ContainerInspect): void {
  if (!container.Config.Tty)
    throw new ConsoleTypeUnavailable(
      `Instance ${instance_uuid} has no terminal: it was made when the host had no serial consoles`,
      { instance_uuid },
    );
  // Engines attach to a container that does not run, too, and then wait until it does.
  if (!container.State.Running)
    throw new InstanceNotReady(
      `Instance ${instance_uuid} is ${container.State.Status}: its terminal is dead`,
      {
        instance_uuid,
      },
    );
}
