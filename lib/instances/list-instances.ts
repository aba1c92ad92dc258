import type { ContainerSummary, Engine } from '../engine/index.js';
import { instanceUuid, label } from '../labels.js';
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
  const containers = await engine.containers.list({
    all: true,
    filters: { label: [`${label.host}=${host}`] },
    signal,
  });
  return containers.flatMap((container) => {
    const record = instanceRecord(container.Labels);
    return record !== undefined && instanceUuid(container.Labels, container.Names) !== undefined
      ? [{ record, container }]
      : [];
  });
}
