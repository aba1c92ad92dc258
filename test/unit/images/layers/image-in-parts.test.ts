import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { type Logger, NovaException } from '../../../../interfaces/index.js';
import { defaultImageLimits } from '../../../../lib/archives/index.js';
import { imageRef } from '../../../../lib/engine/index.js';
import { DirectoryImageService, type ImageData, shownRecord } from '../../../../lib/image-services/index.js';
import { imageInParts } from '../../../../lib/images/layers/image-in-parts.js';
import { packEntries } from '../../../support/archives.js';
import { context } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** A root file system that is large enough to look into. */
const rootFileSystem = await packEntries([
  { name: 'bin/', type: 'directory' },
  { name: 'bin/busybox', content: randomBytes(2 * 1024 * 1024) },
]);

describe('imageInParts', () => {
  /** Looks into the root file system; returns what is logged at each level. */
  async function logged(download?: ImageData['download']): Promise<unknown[][]> {
    const folder = temporaryFolder();
    const lines: unknown[][] = [];
    const logger: Logger = {
      ...noOpLogger,
      debug: (message, details) => void lines.push(['debug', message, details]),
      warn: (message, details) => void lines.push(['warn', message, details]),
    };
    try {
      const images = new DirectoryImageService({ directory: await folder.path() });
      const formats = { container_format: 'docker', disk_format: 'raw' };
      const { id } = await images.create(
        context,
        formats,
        Readable.from([rootFileSystem], { objectMode: false }),
      );
      const resident = [{ image_id: 'other', engineId: imageRef(`sha256:${'0'.repeat(64)}`) }];
      const part = await imageInParts({
        record: await shownRecord(images, context, id, undefined),
        data: {
          isBelieved: true,
          download: download ?? ((options) => images.download(context, id, options)),
        },
        context,
        layers: { images: () => Promise.resolve(resident), layersToOmit: () => Promise.resolve(undefined) },
        reference: 'nova-docker-driver.invalid/loading:x',
        limits: defaultImageLimits,
        onProgress: () => undefined,
        signal: new AbortController().signal,
        logger,
      });
      expect(part).toBeUndefined();
    } finally {
      await folder.remove();
    }
    return lines;
  }

  it('logs why a root file system has no parts, as a debug line without a stack', async () => {
    expect(await logged()).toEqual([
      [
        'debug',
        expect.stringContaining('as a whole'),
        { image_id: expect.any(String), reason: expect.stringContaining('manifest.json') },
      ],
    ]);
  });

  it('warns of an image service that fails, with its error', async () => {
    const error = new NovaException('no ranges today');
    expect(await logged(() => Promise.reject(error))).toEqual([
      ['warn', expect.stringContaining('as a whole'), { image_id: expect.any(String), error }],
    ]);
  });
});
