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
    ['nobody loaded', undefined, 0],
    ['was loaded meanwhile', 'yes', 1],
    ['was perhaps loaded', 'perhaps', 1],
  ] as const)('an image that %s', async (_what, loaded, times) => {
    const hold = await holds.take(image, undefined);
    if (loaded !== undefined) holds.markLoaded(image, loaded);
    await hold.abandon();
    expect(removals()).toHaveLength(times);
  });

  it('is over when the last one has let go: who comes then finds what was there before', async () => {
    const [first, second] = [await holds.take(image, undefined), await holds.take(image, undefined)];
    holds.markLoaded(image, 'yes');
    await first.abandon();
    second.keep();
    const third = await holds.take(image, undefined);
    await third.abandon();
    expect(removals()).toEqual([]);
  });

  it('hands on that it was loaded to who comes before its removal has its turn', async () => {
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

  it('is removed once when all let go before its removal has its turn', async () => {
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

  it('stays for who comes before its removal has its turn and keeps it', async () => {
    const first = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    const earlier = holds.unlessHeld(image, undefined, () => Promise.resolve());
    const abandoned = first.abandon();
    (await holds.take(image, undefined)).keep();
    await Promise.all([earlier, abandoned]);
    expect(removals()).toEqual([]);
  });

  it('knows one image from another', async () => {
    const [one, two] = [await holds.take(image, undefined), await holds.take(other, undefined)];
    holds.markLoaded(image, 'yes');
    await two.abandon();
    expect(removals()).toEqual([]);
    await one.abandon();
    expect(removals()).toHaveLength(1);
  });

  it('forgets a mark for an image that nobody holds', async () => {
    holds.markLoaded(image, 'yes');
    await (await holds.take(image, undefined)).abandon();
    expect(removals()).toEqual([]);
  });

  it('does no work on an image that is held', async () => {
    let count = 0;
    const work = (): Promise<void> => Promise.resolve(void (count += 1));
    const hold = await holds.take(image, undefined);
    await holds.unlessHeld(image, undefined, work);
    hold.keep();
    await holds.unlessHeld(image, undefined, work);
    expect(count).toBe(1);
  });

  it('lets a newcomer leave who would have to wait, and counts on nobody who has left', async () => {
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

  it('fails nobody whose image stays because a container uses it', async () => {
    status = 409;
    const hold = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    await expect(hold.abandon()).resolves.toBeUndefined();
  });

  it('stays when it is loaded again after its removal was given up: the engine was never heard of it', async () => {
    status = 404;
    const hold = await holds.take(image, undefined);
    holds.markLoaded(image, 'perhaps');
    await hold.abandon();
    const given = removals().length;
    status = 200;
    const next = await holds.take(image, undefined);
    holds.markLoaded(image, 'yes');
    next.keep();
    // Longer than between two tries of what goes on behind everybody's back.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(removals()).toHaveLength(given);
  });

  it('tells when an image was last of use', async () => {
    expect(holds.lastKept(image)).toBe(0);
    await (await holds.take(image, undefined)).abandon();
    expect(holds.lastKept(image)).toBe(0);
    (await holds.take(image, undefined)).keep();
    expect(Math.abs(holds.lastKept(image) - Date.now() / 1000)).toBeLessThan(10);
  });
});
