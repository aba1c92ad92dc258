import type { Instance } from '../../../interfaces/index.js';
import { type ContainerInspect, type Engine, undefinedIfNotFound } from '../../engine/index.js';
import { adoptName, validateNameFree } from './create-container.js';
import { containerName, containerPartName, instanceRecord } from '../specification/index.js';
import { removeContainer } from './remove-container.js';

/**
 * Name suffix of the original container of a migrated instance, which is kept until the migration is confirmed or
 * reverted.
 */
const migrated = 'migrated';

/** Finds the container that {@link keepContainer} kept on this host. */
export async function findKeptContainer(
  engine: Engine,
  host: string,
  instance: Instance,
  signal?: AbortSignal,
): Promise<ContainerInspect | undefined> {
  const name = containerPartName(instance.uuid, migrated);
  const kept = await undefinedIfNotFound(engine.containers.inspect(name, { signal }));
  const record = instanceRecord(kept?.Config.Labels ?? {});
  return record?.host === host && record.uuid === instance.uuid ? kept : undefined;
}

/**
 * Validates that an instance's container can be kept, before a verb stops the instance.
 *
 * @throws InstanceExists when a container that is not this instance's has the name.
 */
export async function validateContainerKeepable(
  engine: Engine,
  host: string,
  instance: Instance,
  signal?: AbortSignal,
): Promise<void> {
  if ((await findKeptContainer(engine, host, instance, signal)) !== undefined) return;
  await validateNameFree(engine, containerPartName(instance.uuid, migrated), instance, signal);
}

/**
 * Renames an instance's container, so that it no longer counts as an instance. It removes a container that an earlier,
 * abandoned migration left under that name.
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

/** Renames a kept container back, so that it is the instance again. */
export async function restoreKeptContainer(
  engine: Engine,
  instance: Instance,
  { Id: container }: ContainerInspect,
): Promise<void> {
  await adoptName(engine, container, containerName(instance.uuid), instance);
}
