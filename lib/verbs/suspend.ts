import type { VerbOptions } from '../../interfaces/index.js';
import { InstanceSuspendFailure } from '../../interfaces/index.js';
import { suspendInstance } from '../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';

export const suspend: Verb<OfInstance, VerbOptions, void> = {
  action: 'suspend',
  lock: 'instance',
  failure: InstanceSuspendFailure,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const container = await containerOf(node, given);
    await suspendInstance(node.engine, node.states, given.instance, container, given.signal);
  },
};
