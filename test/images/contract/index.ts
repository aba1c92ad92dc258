/**
 * The contract of every image service of the driver, one behaviour a test. Imports interfaces and the
 * library; has no knowledge of directories or Glance.
 */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Album, type Subject } from './album.js';
import { describeChanges } from './change.js';
import { describeCreate } from './create.js';
import { describeReading } from './read.js';

export { formats, type Subject } from './album.js';
export { breaking, bytesOf, read, streamOf } from './bytes.js';

/** Runs the contract against an image service. */
export function describeImageService(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    const album = new Album();
    beforeAll(async () => album.open(await start()));
    afterAll(() => album.clear());
    describeCreate(album);
    describeReading(album);
    describeChanges(album);
  });
}
