import type { VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { type OfHost, schemas, type Verb } from '../definition/index.js';

type SharedStorageData = Readonly<Record<string, unknown>>;

/**
 * Hosts never share instances' files, so the check only tells whether both hosts are the same one. In that case Nova
 * must not destroy the files before it reverts a resize.
 */
export const checkInstanceSharedStorageLocal: Verb<OfHost, VerbOptions, SharedStorageData> = {
  action: 'identify this host',
  lock: 'none',
  failure: NovaException,
  arguments: {},
  run: ({ host }) => Promise.resolve({ host }),
};

export const checkInstanceSharedStorageRemote: Verb<
  Readonly<Record<'data', SharedStorageData>>,
  VerbOptions,
  boolean
> = {
  action: 'identify this host',
  lock: 'none',
  failure: NovaException,
  arguments: { data: schemas.exchangedData },
  run: ({ host }, { data }) => Promise.resolve(data['host'] === host),
};
