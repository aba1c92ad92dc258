import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { configurationForEngine, rewriteArchive } from '../../../lib/archives/index.js';
import { hostileArchives, tightLimits } from '../../support/hostile-archives/index.js';

const hostile = await hostileArchives();

describe('rewriteArchive', () => {
  it.each(hostile)('refuses an archive $what: $prevents', async ({ archive: bytes, says }) => {
    const { archive, image } = rewriteArchive(Readable.from([bytes], { objectMode: false }), {
      subject: 'Image 1',
      limits: tightLimits,
      rewriteConfiguration: configurationForEngine,
    });
    const names: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of archive) names.push(String(chunk).slice(0, 100));
    };
    const refusal = await reading().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ImageUnacceptable);
    expect(refusal).toMatchObject({ message: expect.stringMatching(says) });
    expect(refusal).toMatchObject({ message: expect.stringMatching(/^Image 1 \w/) });
    await expect(image).rejects.toBe(refusal);
    // Without a manifest an engine has nothing to load.
    expect(names.filter((name) => name.includes('manifest.json'))).toEqual([]);
  });
});
