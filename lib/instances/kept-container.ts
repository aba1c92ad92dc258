import type { Instance } from '../../interfaces/index.js';
import { type ContainerInspect, type Engine, isNotFound } from '../engine/index.js';
import { adoptName, nameMustBeFree } from './create-container.js';
import { containerName, containerPartName, instanceRecord } from './instance-labels.js';
import { removeContainer } from './start-and-stop.js';

/** The part of an instance that has moved on, until that is confirmed or reverted: its container, as it was. */
const migrated = 'migrated';

/** Finds what {@link keepContainer} kept on this host. */
export async function findKeptContainer(
  engine: Engine,
  host: string,
  instance: Instance,
  signal?: AbortSignal,
): Promise<ContainerInspect | undefined> {
  try {
    const kept = await engine.containers.inspect(containerPartName(instance.uuid, migrated), { signal });
    const record = instanceRecord(kept.Config.Labels);
    const isOurs = record?.host === host && record.uuid === instance.uuid;
    return isOurs ? kept : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * For a verb that is about to stop the instance before it puts its container aside.
 *
 * @throws InstanceExists when a container that is not this instance's has the name.
 */
export async function keepingMustBePossible(
  engine: Engine,
  host: string,
  instance: Instance,
  signal?: AbortSignal,
): Promise<void> {
  if ((await findKeptContainer(engine, host, instance, signal)) !== undefined) return;
  await nameMustBeFree(engine, containerPartName(instance.uuid, migrated), instance, signal);
}

/**
 * Puts an instance's container aside: it is no instance any more. What an earlier move left there, and nobody came back
 * to, is removed.
 */
export async function keepContainer(
  engine: Engine,
  host: string,
  instance: Instance,
  { Id: container }: ContainerInspect,
): Promise<void> {
  const left = await findKeptContainer(engine, host, instance);
  if (left !== undefined) await removeContainer(engine, left.Id);
  await adoptName(engine, container, containerPartName(instance.uuid, migrated), instance);
}

/** Makes a container that was put aside the instance again. */
export async function restoreKeptContainer(
  engine: Engine,
  instance: Instance,
  { Id: container }: ContainerInspect,
): Promise<void> {
  await adoptName(engine, container, containerName(instance.uuid), instance);
}
