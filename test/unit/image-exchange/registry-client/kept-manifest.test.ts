import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ManifestWatch } from '../../../../lib/image-exchange/registry-client/kept-manifest.js';
import { packEntries } from '../../../support/archives.js';

describe('ManifestWatch', () => {
  const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
  const config = { digest: digest('a'), size: 1 };
  const layers = [{ digest: digest('b'), size: 1 }];
  const good = JSON.stringify({ schemaVersion: 2, config, layers });

  async function found(manifest: string): Promise<boolean> {
    const watch = new ManifestWatch();
    const passed: Buffer[] = [];
    const archive = await packEntries([{ name: 'm', content: manifest }]);
    for await (const chunk of watch.watch(Readable.from([archive], { objectMode: false })))
      passed.push(chunk);
    return watch.manifestOf(digest('a'), [digest('b')]) !== undefined;
  }

  it('keeps the manifest that names the verified parts', async () => {
    expect(await found(good)).toBe(true);
  });

  it.each([
    [
      'other layers in a second field that engines read under the same name',
      `,"Layers":[{"digest":"${digest('c')}"}]}`,
    ],
    ['two lists of layers', `,"layers":${JSON.stringify(layers)},"layers":[]}`],
    [
      'another configuration in a second field that engines read under the same name',
      `,"conﬁg":1,"CONFIG":{"digest":"${digest('c')}"}}`,
    ],
  ])('keeps no manifest that has %s', async (_what, end) => {
    expect(await found(good.replace(/\}$/, end))).toBe(false);
  });
});
