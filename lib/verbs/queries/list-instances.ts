import type { VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { listInstances as listed } from '../../instances/index.js';
import type { OfHost, Verb } from '../definition/index.js';

export const listInstances: Verb<OfHost, VerbOptions, string[]> = {
  action: 'list the instances',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: async ({ engine, host }, { signal }) =>
    (await listed(engine, host, signal)).map(({ record }) => record.name),
};

export const listInstanceUuids: Verb<OfHost, VerbOptions, string[]> = {
  action: 'list the instances',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: async ({ engine, host }, { signal }) =>
    (await listed(engine, host, signal)).map(({ record }) => record.uuid),
};
