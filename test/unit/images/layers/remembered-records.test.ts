import { describe, expect, it } from '@jest/globals';
import type { ImageRecord } from '../../../../interfaces/index.js';
import { RememberedRecords } from '../../../../lib/images/layers/remembered-records.js';
import { GivenImages } from '../../../support/given-images.js';
import { context } from '../../../support/nova-objects.js';

const mine = context.project_id ?? '';
const images = new GivenImages({ image: { data: Buffer.alloc(0) } });
const record = async (id: string, fields: Partial<ImageRecord>): Promise<ImageRecord> => ({
  ...(await images.show(context, 'image')),
  id,
  ...fields,
});
const stranger = 'f0e1d2c3b4a5968778695a4b3c2d1e0f';

/** The order in which base images are looked up before the caller's image is downloaded. */
const order = (remembered: RememberedRecords, counts: Readonly<Record<string, number>>): string[] =>
  remembered
    .inOrder(
      Object.entries(counts).map(([image_id, count]) => ({ image_id, count })),
      { owner: mine },
      context,
    )
    .map(({ image_id }) => image_id);

describe('RememberedRecords.inOrder', () => {
  it('puts images that the caller may use first, unknown ones next, and sorts each group by its matches', async () => {
    const remembered = new RememberedRecords();
    remembered.note(await record('public', { owner: stranger, visibility: 'public' }));
    remembered.note(await record('own', { owner: mine }));
    remembered.note(await record('foreign', { owner: stranger }));
    const counts = { foreign: 9, unknown: 5, better: 6, public: 2, own: 3 };
    expect(order(remembered, counts)).toEqual(['own', 'public', 'better', 'unknown', 'foreign']);
  });

  it('lists a usable image first, however many images of other tenants match better', async () => {
    const remembered = new RememberedRecords();
    const counts: Record<string, number> = { base: 2 };
    for (let each = 0; each < 1000; each += 1) {
      counts[`loaded-${each}`] = 5;
      remembered.note(await record(`loaded-${each}`, { owner: stranger }));
      counts[`hidden-${each}`] = 5;
      remembered.noteAnswer(`hidden-${each}`, context, undefined);
    }
    expect(order(remembered, counts)[0]).toBe('base');
    expect(order(remembered, counts).length).toBeLessThan(20);
  });

  it('retries all hidden images in turn, since they may have become public', () => {
    const remembered = new RememberedRecords();
    const counts: Record<string, number> = {};
    for (let each = 0; each < 50; each += 1) {
      counts[`hidden-${each}`] = 5;
      remembered.noteAnswer(`hidden-${each}`, context, undefined);
    }
    const asked = new Set<string>();
    for (let boot = 0; boot < 10; boot += 1)
      for (const id of order(remembered, counts)) {
        asked.add(id);
        remembered.noteAnswer(id, context, undefined);
      }
    expect(asked.size).toBe(50);
  });

  it('remembers for each tenant which images are visible', async () => {
    const remembered = new RememberedRecords();
    remembered.noteAnswer('theirs', { project_id: stranger }, undefined);
    expect(order(remembered, { theirs: 3, unknown: 1 })).toEqual(['theirs', 'unknown']);
    remembered.noteAnswer('theirs', context, await record('theirs', { owner: mine }));
    remembered.note(await record('gone', { owner: mine, status: 'deactivated' }));
    expect(order(remembered, { gone: 9, unknown: 2, theirs: 1 })).toEqual(['theirs', 'unknown', 'gone']);
  });

  it('forgets images that the engine no longer has', async () => {
    const remembered = new RememberedRecords();
    remembered.note(await record('gone', { owner: mine }));
    remembered.keepOnly(new Set(['other']));
    expect(order(remembered, { other: 2, gone: 1 })).toEqual(['other', 'gone']);
  });
});
