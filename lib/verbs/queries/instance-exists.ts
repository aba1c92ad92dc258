import type { VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { findInstance } from '../../instances/index.js';
import { type OfInstance, schemas, type Verb } from '../definition/index.js';

export const instanceExists: Verb<OfInstance, VerbOptions, boolean> = {
  action: 'look up',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async ({ engine, host }, { instance, signal }) =>
    (await findInstance(engine, host, instance, signal)) !== undefined,
};
