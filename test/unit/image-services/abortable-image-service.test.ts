import { PassThrough, type Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageService } from '../../../interfaces/index.js';
import { AbortableImageService } from '../../../lib/image-services/index.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';

const id = '0e3a54ba-ef6b-4ab5-a3c9-0a5c8ee0e7d1';

describe('AbortableImageService', () => {
  const reason = new Error('enough');
  let abort: AbortController;
  let own: GivenImages;
  let images: ImageService;

  beforeEach(() => {
    abort = new AbortController();
    own = new GivenImages({ [id]: { data: Buffer.from('data') } });
    images = new AbortableImageService(own, 50);
  });

  const never = (): Promise<never> => new Promise(() => undefined);

  it.each<readonly [string, (signal: AbortSignal) => Promise<unknown>]>([
    ['show', (signal) => images.show(context, id, { signal })],
    ['detail', (signal) => images.detail(context, { signal })],
    ['download', (signal) => images.download(context, id, { signal })],
    ['create', (signal) => images.create(context, {}, undefined, { signal })],
    ['update', (signal) => images.update(context, id, {}, undefined, { signal })],
    ['delete', (signal) => images.delete(context, id, { signal })],
  ])(
    'rejects at once when its signal aborts, even if the wrapped `%s` ignores the signal',
    async (verb, ask) => {
      Object.assign(own, { [verb]: never });
      const asking = ask(abort.signal);
      abort.abort(reason);
      await expect(asking).rejects.toBe(reason);
    },
  );

  it('destroys a download stream that arrives after the abort', async () => {
    const late = new PassThrough();
    let come: (stream: Readable) => void = () => undefined;
    own.download = () => new Promise((resolve) => (come = resolve));
    const downloading = images.download(context, id, { signal: abort.signal });
    abort.abort(reason);
    await expect(downloading).rejects.toBe(reason);
    come(late);
    await setImmediate();
    expect(late.destroyed).toBe(true);
  });

  it('destroys a silent download stream when its signal aborts', async () => {
    own.give(id, { data: () => new PassThrough() });
    const stream = await images.download(context, id, { signal: abort.signal });
    const reading = stream.toArray();
    abort.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('gives the wrapped service time to undo its work after an abort', async () => {
    let isUndone = false;
    own.update = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      isUndone = true;
      throw reason;
    };
    const updating = images.update(context, id, {}, undefined, { signal: abort.signal });
    abort.abort(reason);
    await expect(updating).rejects.toBe(reason);
    expect(isUndone).toBe(true);
  });

  it('passes the results and errors of the wrapped service through', async () => {
    expect(await images.show(context, id)).toEqual(await own.show(context, id));
    await expect(images.show(context, 'none')).rejects.toThrow('none');
    const { signal } = abort;
    expect(await (await images.download(context, id, { signal })).toArray()).toEqual([Buffer.from('data')]);
  });
});
