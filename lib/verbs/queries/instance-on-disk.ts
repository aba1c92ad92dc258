import type { VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { listContainersOf } from '../../instances/index.js';
import { type OfInstance, schemas, type Verb } from '../definition/index.js';

/** An instance's files are its containers, also those that a rescue or a migration has set aside. */
export const instanceOnDisk: Verb<OfInstance, VerbOptions, boolean> = {
  action: 'look for the files of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async ({ engine, host }, { instance, signal }) =>
    (await listContainersOf(engine, host, instance, signal)).length > 0,
};
