import type { ContainerSummary, Engine } from '../engine/index.js';
import type { Instance } from '../../interfaces/index.js';
import { instanceContainerName, instanceUuid, isOfInstance, label } from '../common/index.js';
import type { InstanceRecord } from './instance-labels.js';
import { instanceRecord } from './instance-labels.js';

/** An instance's container in a list. */
export interface ListedInstance {
  readonly record: InstanceRecord;
  readonly container: ContainerSummary;
}

/** All instances of a host, in one request. */
export async function listInstances(
  engine: Engine,
  host: string,
  signal?: AbortSignal,
): Promise<ListedInstance[]> {
  const containers = await listContainersOfHost(engine, host, signal);
  return containers.filter(({ container }) => instanceUuid(container.Labels, container.Names) !== undefined);
}

/** All containers of a host, in one request: its instances, and what is being made or kept for a while. */
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

/** All containers of one instance: its own, which comes last, and those that are being made or kept for a while. */
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
