import type { VerbOptions } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { sendCrashSignal } from '../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';

export const triggerCrashDump: Verb<OfInstance, VerbOptions, void> = {
  action: 'dump the memory of',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => {
    await sendCrashSignal(node.engine, given.instance, await containerOf(node, given), given.signal);
  },
};
