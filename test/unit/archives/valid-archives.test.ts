import { describe, expect, it } from '@jest/globals';
import { buildImageArchive, layerOf } from '../../support/archives.js';
import { refusal, refusedAs, rewritten } from '../../support/rewriting.js';
import { validArchives } from '../../support/valid-archives/index.js';

const taken = { architecture: 'amd64', rootFileSystem: (): { Cmd: string[] } => ({ Cmd: ['/etc/tiny'] }) };

describe('rewriteArchive', () => {
  it.each(validArchives)(
    'accepts an image $what, in chunks of any size',
    async ({ build, isRootFileSystem }) => {
      const archive = await build('test/valid:1');
      const whole = await rewritten(archive, taken, archive.length);
      expect(whole.form).toBe(isRootFileSystem === true ? 'root file system' : 'image');
      const pieces = [500, 16 * 1024].filter((piece) => piece < archive.length);
      for (const piece of pieces) expect(await rewritten(archive, taken, piece)).toEqual(whole);
    },
  );

  it('asks whether the engine accepts the number of layers before the archive is complete, and limits it itself', async () => {
    const layers = Array.from({ length: 501 }, () => Buffer.alloc(0));
    const reason = new Error('not on this host');
    const asked: number[] = [];
    const validateLayerCount = async (count: number): Promise<void> => {
      asked.push(count);
      await Promise.reject(reason);
    };
    const many = await buildImageArchive({ layout: 'oci', layers: layers.slice(1) });
    expect(await refusal(many, { validateLayerCount })).toBe(reason);
    expect(asked).toEqual([500]);
    // More than Linux stacks: no host could start a container of it.
    expect(await refusal(await buildImageArchive({ layout: 'oci', layers }))).toEqual(
      refusedAs(/has 501 layers, which is more than the 500 allowed/),
    );
  });

  it('refuses a root file system without its end mark: a truncated one would look complete', async () => {
    const whole = await layerOf([{ path: 'etc/motd' }]);
    expect(await refusal(whole.subarray(0, -1024), taken)).toEqual(refusedAs(/is truncated/));
  });
});
