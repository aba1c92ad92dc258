import type { ConsoleConnection, Instance, VerbOptions } from '../../../interfaces/index.js';
import { ConsoleTypeUnavailable, InstanceNotReady, NovaException } from '../../../interfaces/index.js';
import type { ContainerInspect } from '../../engine/index.js';
import { isNotFound } from '../../engine/index.js';
import { inspectInstance } from '../../instances/index.js';
import { type ComputeNode, containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

/**
 * Detach keys that no user types. An engine cannot be told to have none, and it withholds the first key until the next
 * one arrives; its default, ctrl-p, is what shells use to recall the previous line. No terminal program sends a
 * sequence that begins with the first of these control characters.
 */
const detachKeys = 'ctrl-^,ctrl-_,ctrl-^,ctrl-^,ctrl-_,ctrl-_,ctrl-^,ctrl-_,ctrl-_,ctrl-^,ctrl-^,ctrl-_';

export const getSerialConsole: Verb<OfInstance, VerbOptions, ConsoleConnection> = {
  action: 'open the console of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) =>
    await openSerialConsole(node, given.instance, await containerOf(node, given), given.signal),
};

/**
 * Opens a port to an instance's terminal. Each client is attached to the container that the instance has at that time.
 *
 * @throws ConsoleTypeUnavailable when serial consoles are disabled or the instance has no terminal; InstanceNotReady
 * when it does not run; the engine's error when the engine cannot tell: a port that is already open then stays open.
 */
async function openSerialConsole(
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
  validateTerminal(instance, container);
  const opened = await serialConsoles.open(instance_uuid, async (ending) => {
    const current = await inspectInstance(engine, host, instance, ending);
    validateTerminal(instance, current);
    const how = { stdin: true, stdout: true, stderr: true, tty: true, detachKeys, signal: ending };
    return await engine.containers.attach(current.Id, how);
  });
  try {
    validateTerminal(instance, await inspectInstance(engine, host, instance, signal));
  } catch (error) {
    // A verb that stopped or removed the instance meanwhile could not close this port, because it was not open yet. A
    // failing engine says nothing about the instance, so then the port stays open.
    if (isNotFound(error) || error instanceof NovaException) await serialConsoles.close(instance_uuid);
    throw error;
  }
  return opened;
}

/** @throws ConsoleTypeUnavailable when the container has no terminal; InstanceNotReady when it does not run. */
function validateTerminal({ uuid: instance_uuid }: Instance, container: ContainerInspect): void {
  if (!container.Config.Tty)
    throw new ConsoleTypeUnavailable(
      `Instance ${instance_uuid} has no terminal: its container was created without the option serialConsole`,
      { instance_uuid },
    );
  // Engines also attach to a stopped container, and then wait until it runs.
  if (!container.State.Running)
    throw new InstanceNotReady(
      `Instance ${instance_uuid} is ${container.State.Status}: only a running instance has a terminal`,
      {
        instance_uuid,
      },
    );
}
