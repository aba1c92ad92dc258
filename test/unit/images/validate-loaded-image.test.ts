import { describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ArchivedImage } from '../../../lib/archives/index.js';
import { imageId, type ImageInspect } from '../../../lib/engine/index.js';
import { validateLoadedImage } from '../../../lib/images/validate-loaded-image.js';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe('validateLoadedImage', () => {
  const expected: Pick<ArchivedImage, 'id' | 'configuration'> = {
    id: digest('1'),
    configuration: {
      config: { Env: ['A=1'], Cmd: ['sh'], User: '', Labels: null, WorkingDir: '/w' },
      rootfs: { type: 'layers', diff_ids: [digest('a'), digest('b')] },
    },
  };
  const loaded = (changes: Partial<ImageInspect> = {}): ImageInspect => ({
    Id: imageId(digest('1')),
    RepoTags: [],
    RepoDigests: [],
    Architecture: 'amd64',
    Os: 'linux',
    Size: 2,
    Config: {
      Env: ['A=1'],
      Cmd: ['sh'],
      Entrypoint: [],
      Labels: {},
      Volumes: {},
      ExposedPorts: {},
      WorkingDir: '/w',
    },
    RootFS: { Type: 'layers', Layers: [digest('a'), digest('b')] },
    ...changes,
  });

  it('accepts an image with the id and the layers of the archive', () => {
    expect(() => validateLoadedImage('1', expected, loaded())).not.toThrow();
  });

  it('accepts another id, as the containerd store gives it, when the configuration is the same', () => {
    expect(() => validateLoadedImage('1', expected, loaded({ Id: imageId(digest('2')) }))).not.toThrow();
  });

  it('refuses other layers, whatever the id', () => {
    const RootFS = { Type: 'layers', Layers: [digest('a'), digest('c')] };
    expect(() => validateLoadedImage('1', expected, loaded({ RootFS }))).toThrow(ImageUnacceptable);
  });

  it.each([
    ['environment', { Env: ['A=2'] }],
    ['command', { Cmd: ['bash'] }],
    ['user', { User: 'root' }],
    ['labels', { Labels: { a: 'b' } }],
    ['working directory', { WorkingDir: '' }],
    ['entry point', { Entrypoint: ['/x'] }],
  ])('refuses a different %s under a different id', (what, change) => {
    const image = loaded();
    const other = loaded({
      Id: imageId(digest('2')),
      Config: { ...image.Config, ...config(image), ...change },
    });
    expect(() => validateLoadedImage('1', expected, other)).toThrow(new RegExp(`the ${what} differs`));
  });
});

function config({ Config }: ImageInspect): NonNullable<ImageInspect['Config']> {
  if (Config === null || Config === undefined) throw new Error('the image has no configuration');
  return Config;
}
