import type { VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { consoleOutput } from '../../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from '../definition/index.js';

export const getConsoleOutput: Verb<OfInstance, VerbOptions, string> = {
  action: 'read the console of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => await consoleOutput(node.engine, await containerOf(node, given), given.signal),
};
