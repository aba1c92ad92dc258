import { packed } from '../packed.js';
import { configured, docker, image, withConfiguration, withManifest, type ValidArchive } from './build.js';

/** Archives whose manifest or configuration is odd. */
export const oddMetadata: readonly ValidArchive[] = [
  image(
    'whose manifest has its fields in small letters',
    withManifest((text) => text.replace(/"(?:Config|RepoTags|Layers)"/g, (name) => name.toLowerCase())),
  ),
  image(
    'that its manifest describes twice',
    withManifest((text) => `[${text.slice(1, -1)},${text.slice(1, -1)}]`),
  ),
  image('for Linux with a capital, but for 20.10, which panics', configured({ os: 'Linux' })),
  image('for no operating system in particular', configured({ os: '' })),
  image(
    'whose root file system is of an unknown kind',
    withConfiguration((text) => text.replace('"layers"', '"Layers"')),
  ),
  image(
    'whose stop timeout is a number with an exponent',
    withConfiguration((text) => text.replace('"Cmd"', '"StopTimeout":1e1,"Cmd"')),
    // A classic store cannot read it.
    { takenBy: 'containerd' },
  ),
  image(
    'whose label is not UTF-8',
    withConfiguration((text) =>
      Buffer.from(text.replace('"Cmd"', '"Labels":{"a":"\xe2\x82","\xff":"b"},"Cmd"'), 'latin1'),
    ),
  ),
  image(
    'whose label has half a character',
    withConfiguration((text) => text.replace('"Cmd"', '"Labels":{"a\\ud800":"\\udc00x"},"Cmd"')),
  ),
  image('made in a single-digit hour', configured({ created: '2026-01-01T1:00:00Z' })),
  image('made after a comma', configured({ created: '2026-01-01T00:00:00,5+23:59' })),
  image(
    'made in the year 0',
    configured({
      created: '0000-02-29T00:00:00Z',
      history: [{ created: '9999-12-31T23:59:59.1234567891Z' }],
    }),
  ),
];

/** Archives that are compressed as a whole. */
export const packedArchives: readonly ValidArchive[] = [
  image('compressed with xz', async (tag) => packed(await docker((entries) => entries)(tag), 'xz')),
  image('compressed with bzip2', async (tag) => packed(await docker((entries) => entries)(tag), 'bzip2')),
  image('compressed with bzip2 in two halves', async (tag) => {
    const whole = await docker((entries) => entries)(tag);
    return Buffer.concat([packed(whole.subarray(0, 700), 'bzip2'), packed(whole.subarray(700), 'bzip2')]);
  }),
];
