import type { ContainerInspect, ContainerRef, Engine } from '../engine/index.js';
import { ifThere } from '../engine/index.js';
import { label } from '../common/index.js';
import { instanceRecord } from './instance-labels.js';
import { InstanceStateStore } from './instance-state-store.js';
import { looksOutOfMemory } from './power-state.js';

/*
 * The engine does not tell a container that was stopped on request from one that was killed for want of memory, once
 * any of its processes has been. A note tells the two apart, also to the next driver.
 */

/**
 * Notes of a container that was just stopped on request that it did not crash. Only a container that the engine
 * describes as one that ran out of memory needs the note.
 */
export async function noteRequestedStop(engine: Engine, container: ContainerRef): Promise<void> {
  const stopped = await ifThere(engine.containers.inspect(container));
  const record = instanceRecord(stopped?.Config.Labels ?? {});
  if (stopped === undefined || record === undefined || !looksOutOfMemory(stopped.State)) return;
  const run = { [label.stoppedRun]: stopped.State.StartedAt };
  await new InstanceStateStore(engine, record.host).write(record.uuid, 'stopped', run);
}

/** Whether a container's stop was requested. Asks the engine only if the container looks as if it had crashed. */
export async function wasStopRequested(
  notes: InstanceStateStore,
  { uuid }: { readonly uuid: string },
  { State: state }: ContainerInspect,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!looksOutOfMemory(state)) return false;
  const note = await notes.read(uuid, 'stopped', signal);
  return note?.[label.stoppedRun] === state.StartedAt;
}
