import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OnProgress } from '../../../interfaces/index.js';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { Engine, engineAddress, imageRef } from '../../../lib/engine/index.js';
import { ImageLoader } from '../../../lib/images/index.js';
import { ImageSourceError } from '../../../lib/http/index.js';
import { buildImageArchive, packEntries } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { bytes } from '../../support/bytes.js';
import { directEngine, engineHost } from '../../support/engine.js';
import { LateReader } from '../../support/late-reader.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { context } from '../../support/nova-objects.js';
import { WebServer } from '../../support/web-server.js';
import { TemplateStage } from './template-stage.js';

describe('ImageTemplates', () => {
  let stage: TemplateStage;
  beforeEach(async () => {
    stage = await TemplateStage.open();
  });
  afterEach(() => stage.close());

  describe('from a Dockerfile', () => {
    it('registers the image that a folder builds, and reports the steps', async () => {
      await stage.write({
        Dockerfile: 'FROM scratch\nCOPY hello /there/\nCMD ["/there/hello"]\n',
        hello: 'hi',
      });
      const steps: string[] = [];
      let output = '';
      const record = await stage.templates.register(
        context,
        { type: 'dockerfile', context: { folder: stage.folder }, onOutput: (text) => (output += text) },
        { name: 'built', properties: { mine: 'too' } },
        { onProgress: ({ phase, layer = '' }) => steps.push(`${phase} ${layer}`) },
      );
      expect(record).toMatchObject({
        ...{ name: 'built', status: 'active', container_format: 'docker', disk_format: 'raw' },
        properties: { mine: 'too' },
      });
      const { files, command } = await stage.contentOf(record);
      expect(files.get('there/hello')?.toString()).toBe('hi');
      expect(command).toEqual(['/there/hello']);
      expect(steps).toEqual(expect.arrayContaining(['building 1/3', 'building 3/3', 'uploading ']));
      expect(output).toContain('COPY hello /there/');
    });

    it('supports .dockerignore, build arguments, a target stage and the path of the Dockerfile', async () => {
      await stage.writeShell();
      await stage.write({
        'docker/Dockerfile.app':
          'FROM scratch AS app\nARG COLOUR=none\nCOPY . /app/\nCOPY sh /bin/sh\nRUN echo $COLOUR > /colour\nFROM scratch AS other\nCOPY a.log /\n',
        '.dockerignore': '*.log\n**/secret\n!kept.log\n',
        'a.log': 'left out',
        'kept.log': 'in',
        'deep/er/secret': 'left out',
        'deep/er/file': 'in',
      });
      const record = await stage.build({
        ...{ dockerfile: 'docker/Dockerfile.app', buildArgs: { COLOUR: 'green' }, target: 'app' },
      });
      const { files } = await stage.contentOf(record);
      expect(files.get('colour')?.toString()).toBe('green\n');
      const copied = [...files.keys()]
        .filter((path) => path.startsWith('app/') && !path.endsWith('/'))
        .sort();
      expect(copied).toEqual([
        ...['app/.dockerignore', 'app/deep/er/file', 'app/docker/Dockerfile.app', 'app/kept.log', 'app/sh'],
      ]);
    });

    it.each(['plain', 'gzip'])('accepts a %s tar archive as a stream and as a URL', async (form) => {
      const tar = await packEntries([
        { name: './Dockerfile', content: 'FROM scratch\nCOPY a /b\n' },
        { name: './a', content: 'from afar' },
      ]);
      const archive = form === 'gzip' ? gzipSync(tar) : tar;
      const server = await WebServer.start((request, response) => {
        if (request.url === '/moved') response.writeHead(302, { location: '/context.tar' }).end();
        else response.end(archive);
      });
      try {
        for (const from of [{ archive: bytes(archive) }, { url: server.url('/moved') }]) {
          const { files } = await stage.contentOf(await stage.build({ context: from }));
          expect(files.get('b')?.toString()).toBe('from afar');
        }
      } finally {
        await server.close();
      }
    });

    it('rejects with the failure of a build, without build arguments, and registers no image', async () => {
      await stage.writeShell();
      await stage.write({
        Dockerfile: 'FROM scratch\nCOPY sh /bin/sh\nRUN echo almost > /there\nRUN echo done; exit 7\n',
      });
      const failure: unknown = await stage
        .build({ buildArgs: { TOKEN: 'hush' } })
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ImageSourceError);
      expect(String(failure)).toContain('returned a non-zero code: 7');
      expect(String(failure)).not.toContain('hush');
      await stage.mustHaveNoImages();
    });

    it('registers no image when it is aborted during a step', async () => {
      await stage.writeShell();
      await stage.write({ Dockerfile: 'FROM scratch\nCOPY sh /bin/sh\nRUN sleep 60\n', unused: '' });
      await stage.write({ Dockerfile: 'FROM scratch\nCOPY sh /bin/sh\nRUN while :; do :; done\n' });
      const reason = new Error('enough');
      const controller = new AbortController();
      const building = stage.templates.register(
        context,
        {
          type: 'dockerfile',
          context: { folder: stage.folder },
          onOutput: (text) => {
            if (text.includes('Running in')) controller.abort(reason);
          },
        },
        {},
        { signal: controller.signal },
      );
      await expect(building).rejects.toBe(reason);
      await stage.mustHaveNoImages();
      // The engine removes the container of the step in the background.
      const engine = new Engine(engineAddress(engineHost()));
      for (let left = 100; left > 0 && (await engine.containers.list({ all: true })).length > 0; left -= 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
      engine.close();
    });

    it('leaves a temporary image that it cannot remove to removeLeftovers at the next start', async () => {
      await stage.write({ Dockerfile: 'FROM scratch\nCOPY hello /\n', hello: 'hi' });
      const onProgress: OnProgress = ({ phase }) => {
        if (phase === 'uploading') stage.templates.close();
      };
      const source = { type: 'dockerfile', context: { folder: stage.folder } } as const;
      await stage.templates.register(context, source, {}, { onProgress }).catch(() => undefined);
      const engine = directEngine();
      const { images: imageService } = stage;
      const loader = new ImageLoader({ engine, imageService, host: 'templates', logger: noOpLogger });
      expect(await loader.removeLeftovers()).toHaveLength(1);
      engine.close();
    });

    it('aborts an upload that the image service has not begun to read', async () => {
      await stage.write({ Dockerfile: 'FROM scratch\nCOPY hello /\n', hello: 'hi' });
      const reason = new Error('enough');
      const controller = new AbortController();
      const imageService = new LateReader(() => controller.abort(reason));
      const source = { type: 'dockerfile', context: { folder: stage.folder } } as const;
      const { signal } = controller;
      const registering = stage.newTemplates({ imageService }).register(context, source, {}, { signal });
      await expect(registering).rejects.toBe(reason);
    });

    it('refuses a Dockerfile that names an image of the driver, to obtain its files', async () => {
      const engine = new Engine(engineAddress(engineHost()));
      const name = 'nova-docker-driver.invalid/image:of-somebody';
      await engine.images.load(await busyboxImage({ command: ['true'], repoTags: [name] }));
      try {
        const { Id: id } = await engine.images.inspect(imageRef(name));
        for (const theft of [
          `FROM ${name}\nCOPY Dockerfile /x\n`,
          `FROM ${id}\nCOPY Dockerfile /x\n`,
          `FROM ${id.slice(7, 19)}\nCOPY Dockerfile /x\n`,
          `FROM scratch\nCOPY --from=${name} /bin/busybox /x\n`,
          `FROM scratch\nCOPY --from=${id.slice(7)} /bin/busybox /x\n`,
        ]) {
          await stage.write({ Dockerfile: theft });
          await expect(stage.build()).rejects.toThrow(ImageSourceError);
        }
        await stage.mustHaveNoImages();
      } finally {
        await engine.images.remove(imageRef(name));
        engine.close();
      }
    });
  });

  describe('from a file', () => {
    it('registers an archive unchanged, from a path or a URL', async () => {
      const archive = await buildImageArchive();
      const path = join(stage.folder, 'image.tar');
      await writeFile(path, archive);
      const digest = `sha512:${createHash('sha512').update(archive).digest('hex')}`;
      const server = await WebServer.start((_request, response) => createReadStream(path).pipe(response));
      try {
        for (const from of [{ path }, { url: new URL(server.url('/image.tar?token=secret')) }]) {
          const record = await stage.templates.register(context, { type: 'archive', from, digest });
          expect(record).toMatchObject({
            status: 'active',
            size: archive.length,
            os_hash_value: digest.slice(7),
          });
        }
      } finally {
        await server.close();
      }
    });

    it('refuses an archive with another digest', async () => {
      const path = join(stage.folder, 'image.tar');
      await writeFile(path, await buildImageArchive());
      const from = { type: 'archive', from: { path }, digest: `sha256:${'0'.repeat(64)}` } as const;
      await expect(stage.templates.register(context, from)).rejects.toThrow(ImageUnacceptable);
      await stage.mustHaveNoImages();
    });
  });
});
