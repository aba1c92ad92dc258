import { type Instance, InstanceNotFound } from '../../../interfaces/index.js';
import { instanceContainerName, instanceUuid, isOfInstance, label } from '../../common/index.js';
import {
  type ContainerInspect,
  type ContainerSummary,
  type Engine,
  isNoSuchContainer,
} from '../../engine/index.js';
import { containerName, instanceRecord, type InstanceRecord } from '../specification/index.js';

/**
 * Inspects an instance's container.
 *
 * @throws InstanceNotFound when it does not exist or belongs to another host.
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

/** Inspects an instance's container; undefined when it does not exist or belongs to another host. */
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

/** An instance in a list of containers. */
export interface ListedInstance {
  readonly record: InstanceRecord;
  readonly container: ContainerSummary;
}

/** Lists all instances of a host in one request. */
export async function listInstances(
  engine: Engine,
  host: string,
  signal?: AbortSignal,
): Promise<ListedInstance[]> {
  const containers = await listContainersOfHost(engine, host, signal);
  return containers.filter(({ container }) => instanceUuid(container.Labels, container.Names) !== undefined);
}

/**
 * Lists all containers of a host in one request: instances, and containers that are being created or kept temporarily.
 */
export async function listContainersOfHost(
  engine: Engine,
  host: string,
  signal?: AbortSignal,
): Promise<ListedInstance[]> {
  const containers = await engine.containers.list({
    all: true,
    filters: { label: [`${label.host}=${host}`] },
    signal,
  });
  return containers.flatMap((container) => {
    const record = instanceRecord(container.Labels);
    return record !== undefined && isOfInstance(record.uuid, container.Names) ? [{ record, container }] : [];
  });
}

/**
 * Lists all containers of an instance: those that are being created or kept temporarily, and last the instance's own.
 */
export async function listContainersOf(
  engine: Engine,
  host: string,
  { uuid }: Pick<Instance, 'uuid'>,
  signal?: AbortSignal,
): Promise<ContainerSummary[]> {
  const name = instanceContainerName(uuid);
  const containers = await engine.containers.list({
    all: true,
    filters: { label: [`${label.host}=${host}`], name: [name] },
    signal,
  });
  const isOwn = ({ Names: names }: ContainerSummary): boolean => names.includes(`/${name}`);
  return containers
    .filter(
      ({ Labels: labels, Names: names }) =>
        instanceRecord(labels)?.uuid === uuid && isOfInstance(uuid, names),
    )
    .sort((one, other) => Number(isOwn(one)) - Number(isOwn(other)));
}
