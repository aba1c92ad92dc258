import { type ContainerInspect, neverStarted } from '../../engine/index.js';
import { instanceContainerName } from '../../common/index.js';
import { instanceRecord, type InstanceRecord } from '../specification/index.js';

/** Name suffix of a container that a spawn creates without starting it: it gets the instance's own name last. */
export const spawning = 'spawning';

/**
 * Whether a spawn left a container incomplete. A spawn that starts the instance creates the container under the
 * instance's own name, which saves a request: such a container is incomplete if it never ran. A spawn that does not
 * start it renames the container when it is complete: until then its name ends in `.spawning`.
 */
function isIncomplete(
  record: InstanceRecord,
  { Name: name, State: state }: Pick<ContainerInspect, 'Name' | 'State'>,
): boolean {
  if (name !== `/${instanceContainerName(record.uuid)}`) return name.endsWith(`.${spawning}`);
  return record.power_on && state.Status === 'created' && state.StartedAt === neverStarted;
}

/** Whether a container cannot be the instance: a spawn left it incomplete, or its removal did not finish. */
export function isUnfinished(container: ContainerInspect): boolean {
  const { Status: status } = container.State;
  if (status === 'dead' || status === 'removing') return true;
  const record = instanceRecord(container.Config.Labels);
  return record !== undefined && isIncomplete(record, container);
}
