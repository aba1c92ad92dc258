import { describe, expect, it } from '@jest/globals';
import { DirectoryImageService, GlanceImageService } from '../../../lib/image-services/index.js';
import { ImageTemplates } from '../../../lib/image-exchange/index.js';
import { SmallImageService } from '../../support/small-image-service.js';

const auth = { type: 'context_token' } as const;
const endpoints = 'http://127.0.0.1:9292';
const imageService = new SmallImageService();
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // The options need a logger, not its output.
}

/** Options as a JavaScript caller may pass them. */
const given = (options: unknown): unknown[] => [options];

describe('the options of image services and templates', () => {
  it.each([
    [DirectoryImageService, { directory: 'images', folder: 'images' }, '"folder"'],
    [DirectoryImageService, { directory: 'images', limits: { bytes: 1 } }, '"limits"'],
    [DirectoryImageService, {}, 'directory'],
    [DirectoryImageService, undefined, 'undefined'],
    [GlanceImageService, { auth, endpoints, region: 'one' }, '"region"'],
    [GlanceImageService, { auth, endpoints, timeouts: { read: 1 } }, '"read"'],
    [GlanceImageService, { endpoints }, 'auth'],
    [ImageTemplates, { imageService, host: 'node-1', registry: 'there' }, '"registry"'],
    [ImageTemplates, { imageService }, 'host'],
    [ImageTemplates, { imageService, host: 'node-1', mayFetch: ['example.org'] }, 'mayFetch'],
    [ImageTemplates, { imageService, host: 'node-1', ca: 1 }, 'ca'],
    [ImageTemplates, { imageService, host: 'node-1', timeouts: { readMs: '1' } }, 'timeouts'],
    [ImageTemplates, { imageService, host: 'node-1', logger: {} }, 'logger'],
    [ImageTemplates, { imageService: {}, host: 'node-1' }, 'imageService'],
    [GlanceImageService, { auth, endpoints, logger: {} }, 'logger'],
    [DirectoryImageService, { directory: 'images', logger: {} }, 'logger'],
  ])('are refused with the class and the invalid option named: %p', (Class, options, named) => {
    const construct = (): unknown => Reflect.construct(Class, given(options));
    expect(construct).toThrow(
      expect.objectContaining({
        name: 'InvalidInput',
        message: expect.stringMatching(new RegExp(`${Class.name}[^]*${named}`)),
      }),
    );
  });

  it('are accepted when every known option is given', () => {
    new DirectoryImageService({ directory: 'images', maxBytes: 1, logger });
    const ca = Buffer.from('');
    new GlanceImageService({ auth, endpoints, logger, interface: 'admin', timeouts: { callMs: 1 } });
    const templates = new ImageTemplates({
      ...{ imageService, logger, host: 'node-1', engine: 'unix:///nowhere', timeouts: {}, ca },
      ...{ mayFetch: () => true, maxBytes: 1, idleTimeoutMs: 1 },
    });
    templates.close();
  });
});
