import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, OnProgress } from '../../../interfaces/index.js';
import { Engine, engineAddress, imageRef, repositoryName } from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { ImageSourceError } from '../../../lib/http/index.js';
import { RegistryExchange } from '../../../lib/image-exchange/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { buildImageArchive, imageIdOf, type ImageArchiveOptions } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { bytes } from '../../support/bytes.js';
import { engineHost, removeImages } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { newRepository, registry } from '../../support/registry.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

if (registry.isThere)
  describe('RegistryExchange', () => {
    const folder = temporaryFolder();
    let images: DirectoryImageService;
    let exchange: RegistryExchange;
    const { credentials } = registry;
    const formats = { container_format: 'docker', disk_format: 'raw' };

    beforeEach(async () => {
      images = new DirectoryImageService({ directory: await folder.path() });
      exchange = new RegistryExchange({ imageService: images });
    });
    afterEach(() => exchange.close());
    afterAll(() => folder.remove());

    const give = async (options: ImageArchiveOptions): Promise<ImageRecord> =>
      await images.create(context, { name: 'given', ...formats }, bytes(await buildImageArchive(options)));
    /** The manifest of a tag or digest in the registry without authentication. */
    const manifestOf = async (repository: string, name: string): Promise<Buffer> => {
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const url = `http://${registry.open}/v2/${repository}/manifests/${name}`;
      const answer = await fetch(url, { headers: { accept } });
      expect(answer.status).toBe(200);
      return Buffer.from(await answer.arrayBuffer());
    };
    const digestOf = (content: Buffer): string =>
      `sha256:${createHash('sha256').update(content).digest('hex')}`;

    it.each(['docker', 'oci', 'oci-gzip'] as const)(
      'pushes an image of the layout %s with its configuration and layers',
      async (layout) => {
        const repository = newRepository();
        const given = {
          layout,
          layers: [[{ path: 'a', content: repository }], [{ path: 'b', content: 'b' }]],
        };
        const image = await give(given);
        const pushed = await exchange.push(context, image.id, `${registry.open}/${repository}:1`);
        const content = await manifestOf(repository, '1');
        expect(pushed).toEqual({
          digest: digestOf(content),
          reference: `${registry.open}/${repository}@${digestOf(content)}`,
        });
        expect(JSON.parse(content.toString())).toMatchObject({
          config: { digest: await imageIdOf(given) },
          layers: [{ digest: expect.any(String) }, { digest: expect.any(String) }],
        });
      },
    );

    it('keeps the digest when an image is pulled and pushed to another repository', async () => {
      const [first, second] = [newRepository(), newRepository()];
      const image = await give({ layout: 'oci-gzip', layers: [[{ path: 'a', content: first }]] });
      const pushed = await exchange.push(context, image.id, `${registry.open}/${first}:1`);
      const record = await exchange.pull(context, `${registry.open}/${first}:1`, { name: 'pulled' });
      expect(record).toMatchObject({
        name: 'pulled',
        status: 'active',
        container_format: 'docker',
        properties: {
          registry_reference: `${registry.open}/${first}:1`,
          registry_digest: pushed.digest,
        },
      });
      const again = await exchange.push(context, record.id, `${registry.open}/${second}:other`);
      expect(again.digest).toBe(pushed.digest);
      expect(await manifestOf(second, 'other')).toEqual(await manifestOf(first, '1'));
    });

    it("keeps every byte of another client's manifest", async () => {
      const [first, second] = [newRepository(), newRepository()];
      const image = await give({ layers: [[{ path: 'a', content: first }]] });
      const { digest } = await exchange.push(context, image.id, `${registry.open}/${first}:1`);
      const plain: unknown = JSON.parse((await manifestOf(first, digest)).toString());
      const odd = JSON.stringify(plain, null, 5);
      const answer = await fetch(`http://${registry.open}/v2/${first}/manifests/odd`, {
        method: 'PUT',
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: odd,
      });
      expect(answer.status).toBe(201);
      const record = await exchange.pull(context, `${registry.open}/${first}:odd`);
      await exchange.push(context, record.id, `${registry.open}/${second}:1`);
      expect((await manifestOf(second, '1')).toString()).toBe(odd);
    });

    it('pushes an image that an engine can pull, and pulls one that can be booted', async () => {
      const repository = newRepository();
      const image = await images.create(
        context,
        { name: 'busybox', ...formats },
        await busyboxImage({ command: ['true'], layout: 'oci' }),
      );
      const { digest } = await exchange.push(context, image.id, `${registry.open}/${repository}:1`);
      const engine = new Engine(engineAddress(engineHost()));
      const name = repositoryName(`${registry.open}/${repository}`);
      try {
        for await (const line of engine.registry.pull(name, digest)) expect(line.error).toBeUndefined();
        const pulled = await engine.images.inspect(imageRef(`${name}@${digest}`));
        await engine.images.remove(imageRef(`${name}@${digest}`));

        const record = await exchange.pull(context, `${name}@${digest}`);
        const options = { engine, imageService: images, host: 'exchange', logger: noOpLogger };
        await new ImageLoader(options).load(context, record.id);
        const loaded = await engine.images.inspect(bootReference(record.id));
        expect(loaded.RootFS.Layers).toEqual(pulled.RootFS.Layers);
        expect(loaded.Config?.Cmd).toEqual(['true']);
        await removeImages([record.id]);
      } finally {
        engine.close();
      }
    });

    it('authenticates to a registry that requests it, and reports progress by layer', async () => {
      const repository = newRepository();
      const image = await give({ layers: [[{ path: 'a', content: Buffer.alloc(3_000_000, 'x') }]] });
      const target = `${registry.private}/${repository}:1`;
      const phases = new Map<string, { bytes: number; total: number | undefined }>();
      const layers = new Set<string>();
      const onProgress: OnProgress = ({ phase, bytes: moved, total, layer }) => {
        phases.set(phase, { bytes: moved, total });
        layers.add(`${phase} ${String(layer)}`);
      };
      await exchange.push(context, image.id, target, { credentials, onProgress });
      const record = await exchange.pull(context, target, {}, { credentials, onProgress });
      expect(record.status).toBe('active');
      const uploading = phases.get('uploading');
      expect(uploading?.bytes).toBeGreaterThan(3_000_000);
      expect(uploading?.total).toBe(uploading?.bytes);
      const pulling = phases.get('pulling');
      expect(pulling?.bytes).toBe(pulling?.total);
      expect([...layers].some((each) => /^pulling sha256:[0-9a-f]{64}$/.test(each))).toBe(true);
      expect([...layers].some((each) => /^uploading .*layer\.tar$/.test(each))).toBe(true);
    });

    it.each([undefined, { username: 'tester', password: 'not the password' }])(
      'rejects with status 401, and keeps the password out of the error: %j',
      async (wrong) => {
        const image = await give({});
        const target = `${registry.private}/${newRepository()}:1`;
        const options = wrong === undefined ? {} : { credentials: wrong };
        const failure: unknown = await exchange
          .push(context, image.id, target, options)
          .catch((e: unknown) => e);
        expect(failure).toBeInstanceOf(ImageSourceError);
        expect(failure).toMatchObject({ status: 401 });
        expect(JSON.stringify(failure) + String(failure)).not.toContain('not the password');
        await expect(exchange.pull(context, target, {}, options)).rejects.toMatchObject({ status: 401 });
      },
    );

    it('leaves no image in the image service when the image is missing or the pull is aborted', async () => {
      const before = (await images.detail(context)).length;
      const missing = `${registry.open}/${newRepository()}:1`;
      await expect(exchange.pull(context, missing)).rejects.toMatchObject({ status: 404 });

      const repository = newRepository();
      const image = await give({ layers: [[{ path: 'a', content: Buffer.alloc(8_000_000, repository) }]] });
      await exchange.push(context, image.id, `${registry.open}/${repository}:1`);
      const controller = new AbortController();
      const reason = new Error('enough');
      const pulling = exchange.pull(
        context,
        `${registry.open}/${repository}:1`,
        {},
        { signal: controller.signal, onProgress: () => controller.abort(reason) },
      );
      await expect(pulling).rejects.toBe(reason);
      const pushing = exchange.push(context, image.id, `${registry.open}/${newRepository()}:1`, {
        signal: AbortSignal.abort(reason),
      });
      await expect(pushing).rejects.toBe(reason);
      expect((await images.detail(context)).length).toBe(before + 1);
    });

    it('pushes no tag of an archive whose layer differs from its configuration', async () => {
      const repository = newRepository();
      const configuration = { rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] } };
      const image = await give({ configuration });
      const target = `${registry.open}/${repository}:1`;
      await expect(exchange.push(context, image.id, target)).rejects.toThrow(/digest|differs|is not/);
      await expect(exchange.pull(context, target)).rejects.toMatchObject({ status: 404 });
      expect(await readAll(await images.download(context, image.id), Infinity)).toHaveLength(image.size ?? 0);
    });
  });
else it.todo('RegistryExchange: REGISTRY names no registry');
