import type { VerbOptions } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { pauseInstance, unpauseInstance } from '../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';

export const pause: Verb<OfInstance, VerbOptions, void> = {
  action: 'pause',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const container = await containerOf(node, given);
    await pauseInstance(node.engine, node.states, given.instance, container, given.signal);
  },
};

export const unpause: Verb<OfInstance, VerbOptions, void> = {
  action: 'unpause',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    const container = await containerOf(node, given);
    await unpauseInstance(node.engine, node.states, given.instance, container, given.signal);
  },
};
