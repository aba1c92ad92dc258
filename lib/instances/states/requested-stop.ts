import type { Logger } from '../../../interfaces/index.js';
import type { ContainerInspect, ContainerRef, Engine } from '../../engine/index.js';
import { undefinedIfNotFound } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { instanceRecord } from '../specification/index.js';
import { InstanceStateStore } from './instance-state-store.js';
import { looksOutOfMemory } from './power-state.js';

/*
 * After the kernel has killed any process of a container, the engine does not distinguish a requested stop from running
 * out of memory. A record in the state store does, and survives the driver.
 */

/**
 * Records that a container which has just stopped was stopped on request. Only a container whose state indicates that
 * it ran out of memory needs the record. A failure is only logged: the container has stopped, and that is the result of
 * the verb.
 */
export async function recordRequestedStop(
  engine: Engine,
  container: ContainerRef,
  logger: Logger,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await writeIfNeeded(engine, container, signal);
  } catch (error) {
    signal?.throwIfAborted();
    logger.warn('could not record that a stop was requested: the instance may count as crashed', {
      container,
      error,
    });
  }
}

async function writeIfNeeded(
  engine: Engine,
  container: ContainerRef,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stopped = await undefinedIfNotFound(engine.containers.inspect(container, { signal }));
  const record = instanceRecord(stopped?.Config.Labels ?? {});
  if (stopped === undefined || record === undefined || !looksOutOfMemory(stopped.State)) return;
  const run = { [label.stoppedRun]: stopped.State.StartedAt };
  await new InstanceStateStore(engine, record.host).write(record.uuid, 'stopped', run, signal);
}

/** Whether a container's stop was requested. It reads the record only if the container's state indicates a crash. */
export async function wasStopRequested(
  states: InstanceStateStore,
  { uuid }: { readonly uuid: string },
  { State: state }: ContainerInspect,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!looksOutOfMemory(state)) return false;
  const stored = await states.read(uuid, 'stopped', signal);
  return stored?.[label.stoppedRun] === state.StartedAt;
}
