import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import { Engine, engineAddress, imageRef, isNotFound } from '../../../lib/engine/index.js';
import { ImageSourceError } from '../../../lib/http/index.js';
import { RegistryExchange } from '../../../lib/image-exchange/index.js';
import { buildImageArchive, imageIdOf, packEntries } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { bytes } from '../../support/bytes.js';
import { engineHost } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { newRepository, registry } from '../../support/registry.js';
import { TemplateStage } from './template-stage.js';

if (registry.isThere)
  describe('ImageTemplates', () => {
    let stage: TemplateStage;
    beforeEach(async () => {
      stage = await TemplateStage.open();
    });
    afterEach(() => stage.close());

    describe('from a repository', () => {
      const { credentials } = registry;
      let name: string;
      let engineId: string;
      let digest: string;
      beforeEach(async () => {
        name = newRepository();
        const options = { layers: [[{ path: 'etc/name', content: name }]], config: { Cmd: ['one'] } };
        engineId = await imageIdOf(options);
        digest = await push(`${name}:1`, await buildImageArchive(options));
      });

      /** Pushes an image to the registry, without the engine. */
      const push = async (target: string, archive: Buffer): Promise<string> => {
        const exchange = new RegistryExchange({ imageService: stage.images });
        const formats = { container_format: 'docker', disk_format: 'raw' };
        const { id } = await stage.images.create(context, formats, bytes(archive));
        const pushed = await exchange.push(context, id, `${registry.open}/${target}`);
        await stage.images.delete(context, id);
        exchange.close();
        return pushed.digest;
      };
      const pull = (reference: string, more: object = {}): Promise<ImageRecord> =>
        stage.templates.register(context, { type: 'repository', reference, ...more }, { name: 'pulled' });
      const isInEngine = async (reference: string): Promise<boolean> => {
        const engine = new Engine(engineAddress(engineHost()));
        try {
          await engine.images.inspect(imageRef(reference));
          return true;
        } catch (error) {
          if (isNotFound(error)) return false;
          throw error;
        } finally {
          engine.close();
        }
      };

      it('registers the image of a tag, and records its reference and digest', async () => {
        const reference = `${registry.open}/${name}:1`;
        const record = await pull(reference);
        expect(record.properties).toEqual({ registry_reference: reference, registry_digest: digest });
        const { files, command } = await stage.contentOf(record);
        expect(files.get('etc/name')?.toString()).toBe(name);
        expect(command).toEqual(['one']);
        const exchange = new RegistryExchange({ imageService: stage.images });
        // The engine compresses layers anew, but the image's id is the digest of its configuration.
        const manifest = await exchange.push(context, record.id, `${registry.open}/${name}:back`);
        exchange.close();
        const answer = await fetch(`http://${registry.open}/v2/${name}/manifests/${manifest.digest}`, {
          headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
        });
        expect(await answer.json()).toMatchObject({ config: { digest: engineId } });
      });

      it('registers the image of a digest, also after the tag has moved', async () => {
        await push(`${name}:1`, await buildImageArchive({ config: { Cmd: ['two'] } }));
        const record = await pull(`${registry.open}/${name}:1@${digest}`);
        expect((await stage.contentOf(record)).command).toEqual(['one']);
        const wrong = `sha256:${'0'.repeat(64)}`;
        await expect(pull(`${registry.open}/${name}@${wrong}`)).rejects.toThrow(ImageSourceError);
      });

      it('sends the credentials to a private registry, and keeps them out of errors', async () => {
        const reference = `${registry.private}/${name}:1`;
        expect((await pull(reference, { credentials })).status).toBe('active');
        for (const wrong of [{}, { credentials: { username: 'tester', password: 'not the password' } }]) {
          const failure: unknown = await pull(reference, wrong).catch((error: unknown) => error);
          expect(failure).toBeInstanceOf(ImageSourceError);
          expect(String(failure) + JSON.stringify(failure)).not.toContain('not the password');
        }
        // The credentials are required also for a digest.
        const pinned = `${registry.private}/${name}@${digest}`;
        const engine = new Engine(engineAddress(engineHost()));
        try {
          await engine.images.load(
            await busyboxImage({ command: ['true'], repoTags: ['templates/other:1'] }),
          );
          await expect(pull(pinned)).rejects.toThrow(ImageSourceError);
        } finally {
          await engine.images.remove(imageRef('templates/other:1'));
          engine.close();
        }
      });

      it('leaves an image that the engine had before, and supports concurrent pulls', async () => {
        const reference = `${registry.open}/${name}@${digest}`;
        const records = await Promise.all([pull(reference), pull(reference), pull(reference)]);
        expect(new Set(records.map(({ os_hash_value }) => os_hash_value)).size).toBe(1);
        expect(await isInEngine(reference)).toBe(false);
        const engine = new Engine(engineAddress(engineHost()));
        try {
          const { repository } = { repository: imageRef(reference) };
          await stage.templates.register(context, {
            type: 'dockerfile',
            context: {
              archive: bytes(
                await packEntries([{ name: 'Dockerfile', content: `FROM ${reference}\nCMD ["x"]\n` }]),
              ),
            },
          });
          expect(await isInEngine(reference)).toBe(true);
          await pull(reference);
          expect(await isInEngine(reference)).toBe(true);
          await engine.images.remove(repository);
        } finally {
          engine.close();
        }
      });

      it('builds a Dockerfile FROM an image of a private registry', async () => {
        const base = `${registry.private}/${name}:1`;
        await stage.write({ Dockerfile: `FROM ${base}\nCOPY more /\n`, more: 'more' });
        await expect(stage.build()).rejects.toThrow(ImageSourceError);
        const record = await stage.build({ credentials: { [registry.private]: credentials } });
        const { files } = await stage.contentOf(record);
        expect([files.get('etc/name')?.toString(), files.get('more')?.toString()]).toEqual([name, 'more']);
        const engine = new Engine(engineAddress(engineHost()));
        await engine.images.remove(imageRef(base));
        engine.close();
      });

      it("refuses the driver's own repositories, which have other tenants' images", async () => {
        for (const own of [
          'nova-docker-driver.invalid/image:x',
          'docker.io/nova-docker-driver.invalid/image:x',
        ])
          await expect(pull(own)).rejects.toThrow(InvalidInput);
      });
    });
  });
else it.todo('ImageTemplates from a repository: REGISTRY names no registry');
