import type { ContainerInspect } from '../engine/index.js';
import { instanceContainerName } from '../common/index.js';
import type { InstanceRecord } from './instance-labels.js';
import { never } from './power-state.js';

/** The part of an instance that a spawn makes which is not to start it: it gets the instance's own name last. */
export const spawning = 'spawning';

/**
 * Whether a container is what a spawn left that did not come to its end. One that was to be started has the instance's
 * own name from the beginning, which saves a request, and never ran; one that was not to be started has the instance's
 * name only when it is whole.
 */
export function isIncomplete(
  record: InstanceRecord,
  { Name: name, State: state }: Pick<ContainerInspect, 'Name' | 'State'>,
): boolean {
  if (name !== `/${instanceContainerName(record.uuid)}`) return name.endsWith(`.${spawning}`);
  return record.power_on && state.Status === 'created' && state.StartedAt === never;
}
