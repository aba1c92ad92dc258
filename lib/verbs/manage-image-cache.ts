import type { Instance, VerbOptions } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { schemas, type Verb, withLowerCaseUuid } from './definition/index.js';

type Subjects = Readonly<Record<'all_instances', readonly Instance[]>>;

export const manageImageCache: Verb<Subjects, VerbOptions, void> = {
  action: 'manage the image cache',
  lock: 'none',
  failure: NovaException,
  arguments: { all_instances: schemas.instances },
  run: async ({ imageLoader, policy }, { all_instances, signal }) => {
    await imageLoader.removeUnused({
      needed: new Set(all_instances.map(({ image_ref }) => image_ref ?? '')),
      instances: new Set(all_instances.map((instance) => withLowerCaseUuid(instance).uuid)),
      minimumAge: policy.removeUnusedImagesAfterSeconds,
      signal,
    });
  },
};
