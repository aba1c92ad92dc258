import type { ContainerInspect } from '../engine/index.js';
import type { InstanceRecord } from './instance-labels.js';
import { never } from './power-state.js';

/**
 * Whether a container is what a spawn left that did not come to its end: it was to be started and never was. One that was spawned powered
 * off is whole, though it never ran either.
 */
export function isHalfMade(record: InstanceRecord, state: ContainerInspect['State']): boolean {
  return record.power_on && state.Status === 'created' && state.StartedAt === never;
}
