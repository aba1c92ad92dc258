import { describe, expect, it } from '@jest/globals';
import type { ImageRecord, ImageService } from '../../../interfaces/index.js';
import { ImageNotFound } from '../../../interfaces/index.js';
import { shownRecord } from '../../../lib/images/shown-record.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';

const id = '0e3a54ba-ef6b-4ab5-a3c9-0a5c8ee0e7d1';

describe("an image's record", () => {
  const images = new GivenImages({ [id]: { data: Buffer.alloc(0) } });
  const shown = async (change: object): Promise<ImageRecord> => {
    const service: Pick<ImageService, 'show'> = {
      show: async () => Object.assign(await images.show(context, id), change),
    };
    return await shownRecord(service, context, id, undefined);
  };

  it('is what the image service shows', async () => {
    expect(await shown({})).toEqual(await images.show(context, id));
  });

  it('is under the id that was asked for, where the service writes it in other letters', async () => {
    expect((await shown({ id: id.toUpperCase() })).id).toBe(id);
  });

  it.each([
    ['another id', { id: 'ffffffff-ef6b-4ab5-a3c9-0a5c8ee0e7d1' }, 'instead of'],
    ['no id', { id: undefined }, 'id'],
    ['no number for a size', { size: '12' }, 'size'],
    ['properties that are no text', { properties: { os_command_line: ['sh'] } }, 'os_command_line'],
    ['a status that there is not', { status: 'ACTIVE' }, 'status'],
  ])('is refused with %s', async (_what, change, why) => {
    await expect(shown(change)).rejects.toMatchObject({
      name: 'NovaException',
      message: expect.stringContaining(why),
    });
  });

  it('fails as the image service does', async () => {
    await expect(shownRecord(images, context, 'none', undefined)).rejects.toBeInstanceOf(ImageNotFound);
  });
});
