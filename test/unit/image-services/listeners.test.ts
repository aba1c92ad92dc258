import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  ImageMetadata,
  ImageRecord,
  ImageService,
  Logger,
  LongRunningOptions,
  RequestContext,
} from '../../../interfaces/index.js';
import { ImageTemplates } from '../../../lib/image-exchange/index.js';
import { DirectoryImageService, GlanceImageService } from '../../../lib/image-services/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { SmallImageService } from '../../support/small-image-service.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { WebServer } from '../../support/web-server.js';

const context = { auth_token: 'x', is_admin: true };
const metadata = { container_format: 'docker', disk_format: 'raw' };
const content = Buffer.from('the data of an image');
const rude = (): never => {
  throw new Error('rude');
};

/** SmallImageService reports no progress. */
class ReportingImageService extends SmallImageService {
  override async create(
    caller: RequestContext,
    wanted: ImageMetadata,
    data?: Readable,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    options.onProgress?.({ phase: 'uploading', bytes: 0 });
    return await super.create(caller, wanted, data);
  }
}

describe('a listener that throws fails no operation, and is logged once:', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  afterEach(() => folder.remove());
  let warnings: string[];
  let logger: Logger;
  beforeEach(() => {
    folder = temporaryFolder();
    warnings = [];
    logger = { ...noOpLogger, warn: (message) => void warnings.push(message) };
  });
  const logged = ['onProgress threw: the operation continues'];

  it('an upload to and a download from a directory', async () => {
    const service: ImageService = new DirectoryImageService({ directory: await folder.path(), logger });
    const { id } = await service.create(context, metadata, Readable.from([content]), { onProgress: rude });
    expect(warnings).toEqual(logged);

    const data = await service.download(context, id, { onProgress: rude });
    expect(await readAll(data, 1000)).toEqual(content);
    expect(warnings).toEqual([...logged, ...logged]);
  });

  it('a download from Glance', async () => {
    const id = randomUUID();
    const created_at = '2026-01-01T00:00:00Z';
    const record = { id, status: 'active', visibility: 'public', size: content.length, ...metadata };
    const server = await WebServer.start(({ url = '' }, response) => {
      if (url.endsWith('/file')) response.setHeader('content-length', content.length).end(content);
      else response.end(JSON.stringify({ ...record, created_at, updated_at: created_at }));
    });
    const auth = { type: 'context_token' } as const;
    const service = new GlanceImageService({ auth, endpoints: server.url(''), logger });
    try {
      const data = await service.download(context, id, { onProgress: rude });
      expect(await readAll(data, 1000)).toEqual(content);
      expect(warnings).toEqual(logged);
    } finally {
      service.close();
      await server.close();
    }
  });

  it('the registration of an archive', async () => {
    const path = join(await folder.path(), 'image.tar');
    await writeFile(path, content);
    const imageService = new ReportingImageService();
    const templates = new ImageTemplates({
      ...{ engine: 'unix:///nowhere', host: 'listeners', imageService, logger },
    });

    const registering = templates.register(
      context,
      { type: 'archive', from: { path } },
      {},
      { onProgress: rude },
    );
    await expect(registering).resolves.toMatchObject({ size: content.length });
    templates.close();
    expect(warnings).toEqual(logged);
  });
});
