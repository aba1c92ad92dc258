import type { Instance } from '../../interfaces/index.js';
import { InstanceNotFound } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { containerName } from './container-name.js';
import { isNoSuchContainer } from './exceptions.js';
import { instanceRecord } from './instance-labels.js';

/**
 * Looks at an instance's container.
 *
 * @throws InstanceNotFound when there is none, or it is not this host's.
 */
export async function inspectInstance(
  engine: Engine,
  host: string,
  instance: Pick<Instance, 'uuid'>,
  signal?: AbortSignal,
): Promise<ContainerInspect> {
  const container = await engine.containers.inspect(containerName(instance.uuid), { signal });
  const record = instanceRecord(container.Config.Labels);
  if (record?.host === host && record.uuid === instance.uuid) return container;
  throw new InstanceNotFound(`The container ${container.Name} is not an instance of host ${host}`, {
    instance_uuid: instance.uuid,
  });
}

/** Looks at an instance's container; undefined when there is none, or it is not this host's. */
export async function findInstance(
  engine: Engine,
  host: string,
  instance: Pick<Instance, 'uuid'>,
  signal?: AbortSignal,
): Promise<ContainerInspect | undefined> {
  try {
    return await inspectInstance(engine, host, instance, signal);
  } catch (error) {
    if (isNoSuchContainer(error) || error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}
