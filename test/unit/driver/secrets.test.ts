import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { DockerDriver, GlanceImageService, ImageTemplates, RegistryExchange } from '../../../lib/index.js';
import { Engine, engineAddress, repositoryName, tagName } from '../../../lib/engine/index.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import { SmallImageService } from '../../support/small-image-service.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';

const secret = 'planted-s3cret';
const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;

const logged: unknown[][] = [];
const keep = (...line: unknown[]): void => void logged.push(line);
const logger = { debug: keep, info: keep, warn: keep, error: keep };

/** All that anybody could print of an error: its messages, those of its causes, its fields, hidden ones, too. */
function printed(thrown: unknown): string {
  const all = { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity };
  const texts = [inspect(thrown, all), JSON.stringify(thrown), String(thrown)];
  for (let error = thrown; error instanceof Error; error = error.cause)
    texts.push(error.message, error.stack ?? '', JSON.stringify(Object.entries(error)));
  return texts.join('\n');
}

const errorOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};

/** What each class does with an option that it cannot use. */
const constructions: Record<string, () => unknown> = {
  'an engine with user and password': () =>
    new DockerDriver({ engine: `tcp://user:${secret}@10.0.0.5:2375` }),
  'an engine with a password that has a slash': () =>
    new DockerDriver({ engine: `tcp://user:a/${secret}@10.0.0.5:2375` }),
  'an engine that is no URL': () => new DockerDriver({ engine: `user:${secret}@ten:port` }),
  'an engine of another kind': () => new DockerDriver({ engine: `ssh://user:${secret}@host` }),
  'an engine with a token in its query': () =>
    new DockerDriver({ engine: `tcp://host:2375?token=${secret}` }),
  'a key without its certificate': () => new DockerDriver({ engine: { host: 'tcp://host', key } }),
  'a key that is neither a path nor PEM': () =>
    new DockerDriver({ engine: { host: 'tcp://host', cert: key, key: `MIIEvQ\n${secret}\n` } }),
  'a registry with a password that is longer than a message': () =>
    repositoryName(`https://user:${secret.repeat(40)}@registry.example/x`),
  'vendor data': () => new DockerDriver({ vendorData: { secret, when: new Date() } }),
  'an auth_url with a password': () =>
    new GlanceImageService({
      auth: { type: 'application_credential', auth_url: `https://u:${secret}@host`, id: 'x', secret },
    }),
  'a password without a user': () =>
    new GlanceImageService({
      auth: { type: 'password', auth_url: 'https://host', password: secret, project_id: 'p' },
    }),
  'an endpoint with a password': () =>
    new GlanceImageService({ auth: { type: 'context_token' }, endpoints: `https://u:${secret}@host` }),
  'certificates of Glance': () =>
    new GlanceImageService({
      auth: { type: 'context_token' },
      endpoints: 'https://host',
      ca: `MIIE\n${secret}`,
    }),
  'certificates of registries': () =>
    new RegistryExchange({ imageService: new SmallImageService(), ca: `MIIE\n${secret}` }),
  'the engine of templates': () =>
    new ImageTemplates({
      imageService: new SmallImageService(),
      host: 'node-1',
      engine: `tcp://u:${secret}@host:1`,
    }),
};

describe('an error, its causes and the log show no secret', () => {
  let fake: FakeEngine;
  let driver: DockerDriver;
  let templates: ImageTemplates;
  /** What the engine repeats in its answer. */
  let words = '';
  beforeAll(async () => {
    fake = await FakeEngine.start((request, response) => {
      request.resume();
      const path = request.url ?? '';
      if (path.includes('/json') || path.includes('/volumes'))
        answerJson(response, 200, path.includes('/volumes') ? { Volumes: [] } : []);
      else if (path.includes('/networks')) answerJson(response, 200, []);
      else if (path.includes('/build') || path.includes('fromImage'))
        response
          .writeHead(200, { 'Content-Type': 'application/json' })
          .end(`${JSON.stringify({ error: words })}\n`);
      else if (path.includes('create')) request.socket.destroy();
      else answerJson(response, 500, { message: 'out of sorts' });
    });
    driver = new DockerDriver({
      engine: `unix://${fake.socketPath}`,
      imageService: new SmallImageService(),
      logger,
    });
    templates = new ImageTemplates({
      imageService: new SmallImageService(),
      host: 'node-1',
      engine: `unix://${fake.socketPath}`,
      logger,
    });
  });
  afterAll(async () => {
    templates.close();
    await fake.stop();
  });

  it('of a key in base64 once more, as environment variables hold it', async () => {
    const encoded = Buffer.from(key).toString('base64');
    const engine = { host: 'tcp://host', cert: key, key: encoded };
    const error = await errorOf(() => new DockerDriver({ engine }));
    expect(printed(error)).not.toContain(encoded);
  });

  it.each(Object.keys(constructions))('of %s', async (what) => {
    const error = await errorOf(constructions[what] ?? ((): void => undefined));
    expect(error).toMatchObject({ name: 'InvalidInput' });
    expect(printed(error)).not.toContain(secret);
  });

  const registry = (): RegistryExchange => new RegistryExchange({ imageService: new SmallImageService() });
  const client = (): Engine => new Engine(engineAddress(`unix://${fake.socketPath}`), { logger });
  const credentials = { username: 'user', password: secret };
  const calls: Record<string, () => unknown> = {
    'arguments of a build that fails': () =>
      templates.register(
        context,
        {
          type: 'dockerfile',
          context: { archive: Readable.from([]) },
          buildArgs: { TOKEN: secret },
          credentials: { 'registry.example': credentials },
        },
        {},
      ),
    'a build argument that the engine repeats': async () => {
      const { repo, tag } = { repo: repositoryName('x'), tag: tagName('y') };
      const build = client().build.run(Readable.from(['x']), { repo, tag, buildArgs: { TOKEN: secret } });
      for await (const line of build) expect(line).toBeUndefined();
    },
    'the password of a pull that the engine repeats': async () => {
      const pull = client().registry.pull(repositoryName('x'), 'sha256:0', { credentials });
      for await (const line of pull) expect(line).toBeUndefined();
    },
    'credentials in the reference of an image': () =>
      registry().pull(context, `https://user:${secret}@host/x`),
    'credentials in the reference of a template': () =>
      templates.register(
        context,
        { type: 'repository', reference: `user:${secret}@host/x`, credentials },
        {},
      ),
    'credentials for a registry that is not there': () =>
      registry().pull(context, '127.0.0.1:1/x', {}, { credentials }),
    'the address of an archive': () =>
      templates.register(context, { type: 'archive', from: { url: `https://u:${secret}@host/x` } }, {}),
    'the query of an archive that is not there': () =>
      templates.register(
        context,
        { type: 'archive', from: { url: `http://127.0.0.1:1/x?sig=${secret}` } },
        {},
      ),
    'a token for an image service that is not there': () =>
      new GlanceImageService({
        auth: { type: 'context_token' },
        endpoints: 'http://127.0.0.1:1',
        maxRetries: 0,
        logger,
      }).show({ ...context, auth_token: secret }, 'x'),
    'a password for a Keystone that is not there': () =>
      new GlanceImageService({
        auth: {
          ...{ type: 'password', auth_url: 'http://127.0.0.1:1', username: 'u', user_domain_id: 'd' },
          ...{ password: secret, project_id: 'p' },
        } as const,
        maxRetries: 0,
        logger,
      }).show(context, 'x'),
    'what a spawn puts into an instance': async () => {
      await driver.init_host('node-1');
      try {
        const instance = newInstance({
          user_data: Buffer.from(secret).toString('base64'),
          key_data: secret,
          metadata: { PASSWORD: secret },
        });
        await driver.spawn(context, instance, newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d'), {
          admin_password: secret,
          injected_files: [['/etc/secret', Buffer.from(secret)]],
          network_info: new TestNetwork().port(5),
        });
      } finally {
        await driver.cleanup_host('node-1');
      }
    },
  };

  it.each(Object.keys(calls))('of %s', async (what) => {
    words = `The command '/bin/sh -c login ${secret}' returned a non-zero code: 1`;
    const error = await errorOf(calls[what] ?? ((): void => undefined));
    expect(printed(error)).not.toContain(secret);
    expect(inspect(logged, { depth: Infinity })).not.toContain(secret);
  });
});
