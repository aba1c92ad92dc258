import { describe, expect, it } from '@jest/globals';
import type { ImageService } from '../../../interfaces/index.js';
import { ImageNotFound } from '../../../interfaces/index.js';
import type { ShownImage } from '../../../lib/image-services/index.js';
import { shownRecord } from '../../../lib/image-services/shown-record.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';

const id = '0e3a54ba-ef6b-4ab5-a3c9-0a5c8ee0e7d1';

/** An image service without types, as a JavaScript caller may pass it. */
function asService(service: unknown): Pick<ImageService, 'show'> {
  if (!isService(service)) throw new TypeError('no service');
  return service;
}

const isService = (value: unknown): value is Pick<ImageService, 'show'> =>
  typeof value === 'object' && value !== null && 'show' in value;

describe('shownRecord', () => {
  const images = new GivenImages({ [id]: { data: Buffer.alloc(0) } });
  const shown = async (change: object): Promise<ShownImage> => {
    const service: Pick<ImageService, 'show'> = {
      show: async () => Object.assign(await images.show(context, id), change),
    };
    return await shownRecord(service, context, id, undefined);
  };

  it('returns what the image service shows', async () => {
    const record = await shown({});
    expect(await images.show(context, id)).toMatchObject(record);
    expect(record).toMatchObject({ id, status: 'active', visibility: expect.any(String) });
  });

  it('requires only fields that the driver reads, and fills in defaults for missing ones', async () => {
    const service = {
      show: () => Promise.resolve({ id, status: 'active', created_at: new Date(), tags: null }),
    };
    const bare: unknown = service;
    expect(await shownRecord(asService(bare), context, id, undefined)).toEqual({
      id,
      status: 'active',
      container_format: null,
      size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      visibility: 'private',
      owner: null,
      properties: {},
    });
  });

  it('names the image service, the image and the invalid field', async () => {
    await expect(shown({ status: undefined })).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`imageService.*${id}.*field status`)),
    });
  });

  it('returns the requested id when the service writes it in another letter case', async () => {
    expect((await shown({ id: id.toUpperCase() })).id).toBe(id);
  });

  it.each([
    ['another id', { id: 'ffffffff-ef6b-4ab5-a3c9-0a5c8ee0e7d1' }, 'instead of'],
    ['no id', { id: undefined }, 'id'],
    ['a size that is not a number', { size: '12' }, 'size'],
    ['a property that is not a string', { properties: { os_command_line: ['sh'] } }, 'os_command_line'],
    ['an unknown status', { status: 'ACTIVE' }, 'status'],
  ])('refuses %s', async (_what, change, why) => {
    await expect(shown(change)).rejects.toMatchObject({
      name: 'NovaException',
      message: expect.stringContaining(why),
    });
  });

  it('fails with the error of the image service', async () => {
    await expect(shownRecord(images, context, 'none', undefined)).rejects.toBeInstanceOf(ImageNotFound);
  });
});
