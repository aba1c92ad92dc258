import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { imageReference } from '../../../../lib/engine/index.js';
import { ImageHolds } from '../../../../lib/images/references/image-holds.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { FakeEngine } from '../../engine/fake-engine.js';

const image = imageReference('test/image', 'a');
const other = imageReference('test/image', 'b');

describe('ImageHolds', () => {
  let engine: FakeEngine;
  let holds: ImageHolds;
  let status: number;
  beforeEach(async () => {
    status = 200;
    engine = await FakeEngine.start((_request, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(status === 200 ? '[]' : '{"message":"no"}');
    });
    holds = new ImageHolds(engine.client(), noOpLogger);
  });
  afterEach(() => engine.stop());

  const removals = (): string[] => engine.requests.filter((line) => line.startsWith('DELETE'));

  it.each([
    ['keeps an image that was not loaded', undefined, 0],
    ['removes an image that was loaded meanwhile', 'yes', 1],
    ['removes an image that may have been loaded', 'perhaps', 1],
  ] as const)('%s when its only hold is abandoned', async (_what, loaded, times) => {
    const hold = await holds.take(image, undefined);
    if (loaded !== undefined) holds.markLoaded(image, loaded);
    await hold.abandon();
    expect(removals()).toHaveLength(times);
  });

  it('forgets a load after the last release, so that a later hold removes nothing', async () => {
    const [first, second] = [await holds.take(image, undefined), await holds.take(image, undefined)];
    holds.markLoaded(image, 'yes');
    await first.abandon();
    second.keep();
    const third = await holds.take(image, undefined);
    await third.abandon();
    expect(removals()).toEqual([]);
  });

  it('passes the mark "loaded" to a hold that is taken before the pending removal runs', async () => {
    const first = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    const earlier = holds.unlessHeld(image, undefined, () => Promise.resolve());
    const abandoned = first.abandon();
    const second = await holds.take(image, undefined);
    await Promise.all([earlier, abandoned]);
    expect(removals()).toEqual([]);
    await second.abandon();
    expect(removals()).toHaveLength(1);
  });

  it('removes the image once when a new hold is aborted before the pending removal runs', async () => {
    const first = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    const earlier = holds.unlessHeld(image, undefined, () => Promise.resolve());
    const controller = new AbortController();
    const abandoned = first.abandon();
    const second = holds.take(image, controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    await Promise.all([earlier, abandoned]);
    expect(removals()).toHaveLength(1);
  });

  it('keeps the image for a hold that is taken before the pending removal runs', async () => {
    const first = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    const earlier = holds.unlessHeld(image, undefined, () => Promise.resolve());
    const abandoned = first.abandon();
    (await holds.take(image, undefined)).keep();
    await Promise.all([earlier, abandoned]);
    expect(removals()).toEqual([]);
  });

  it('removes only the image that was loaded', async () => {
    const [one, two] = [await holds.take(image, undefined), await holds.take(other, undefined)];
    holds.markLoaded(image, 'yes');
    await two.abandon();
    expect(removals()).toEqual([]);
    await one.abandon();
    expect(removals()).toHaveLength(1);
  });

  it('ignores a mark for an image without holds', async () => {
    holds.markLoaded(image, 'yes');
    await (await holds.take(image, undefined)).abandon();
    expect(removals()).toEqual([]);
  });

  it('skips the work of unlessHeld while the image is held', async () => {
    let count = 0;
    const work = (): Promise<void> => Promise.resolve(void (count += 1));
    const hold = await holds.take(image, undefined);
    await holds.unlessHeld(image, undefined, work);
    hold.keep();
    await holds.unlessHeld(image, undefined, work);
    expect(count).toBe(1);
  });

  it('stops waiting for a hold when its signal aborts, and does not count that hold', async () => {
    let finish = (): void => undefined;
    const removal = holds.unlessHeld(image, undefined, () => new Promise((resolve) => (finish = resolve)));
    const controller = new AbortController();
    const reason = new Error('enough');
    const waiting = holds.take(image, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    finish();
    await removal;
    let isDone = false;
    await holds.unlessHeld(image, undefined, () => Promise.resolve(void (isDone = true)));
    expect(isDone).toBe(true);
  });

  it('ignores a 409 for the removal of an image that a container uses', async () => {
    status = 409;
    const hold = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    await expect(hold.abandon()).resolves.toBeUndefined();
  });

  it('keeps an image that is loaded again after the engine answered 404 to its removal', async () => {
    status = 404;
    const hold = await holds.take(image, undefined);
    holds.markLoaded(image, 'perhaps');
    await hold.abandon();
    const given = removals().length;
    status = 200;
    const next = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    next.keep();
    // Longer than the interval between two background retries of a removal.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(removals()).toHaveLength(given);
  });

  it('reports when an image was last kept', async () => {
    expect(holds.lastKept(image)).toBe(0);
    await (await holds.take(image, undefined)).abandon();
    expect(holds.lastKept(image)).toBe(0);
    (await holds.take(image, undefined)).keep();
    expect(Math.abs(holds.lastKept(image) - Date.now() / 1000)).toBeLessThan(10);
  });
});
