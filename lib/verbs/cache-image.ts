import type { CacheImageOptions, RequestContext } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { schemas, type Verb } from './definition/index.js';

type Subjects = Readonly<Record<'context', RequestContext> & Record<'image_id', string>>;

export const cacheImage: Verb<Subjects, CacheImageOptions, boolean> = {
  action: ({ image_id }) => `cache image ${image_id}`,
  lock: 'none',
  failure: NovaException,
  arguments: { context: schemas.unread, image_id: schemas.text },
  run: ({ imageLoader }, { context, image_id, signal, onProgress }) =>
    imageLoader.load(context, image_id, { signal, onProgress }),
};
