import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { OnProgress } from '../../../../interfaces/index.js';
import { ImageUnacceptable } from '../../../../interfaces/index.js';
import { ImageSourceError } from '../../../../lib/http/index.js';
import { RegistryExchange } from '../../../../lib/image-exchange/index.js';
import { DeadlineExceeded, readAll } from '../../../../lib/streams/index.js';
import { buildImageArchive, imageEntries } from '../../../support/archives.js';
import { bytes } from '../../../support/bytes.js';
import { context } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { LateReader } from '../../../support/late-reader.js';
import { SmallImageService } from '../../../support/small-image-service.js';
import { WebServer } from '../../../support/web-server.js';

const digestOf = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
const credentials = { username: 'user', password: 'hush hush' };

/** A small registry that a test can make send false answers. */
class LyingRegistry {
  readonly blobs = new Map<string, Buffer>();
  manifest = Buffer.alloc(0);
  readonly headers: Record<string, string> = {};
  /** Answers in place of the registry and returns true, or returns false. */
  lie: (path: string, response: ServerResponse) => boolean = () => false;

  private constructor(readonly server: WebServer) {}

  static async start(): Promise<LyingRegistry> {
    const holder: { registry?: LyingRegistry } = {};
    const server = await WebServer.start(({ url = '' }, response) => holder.registry?.answer(url, response));
    const registry = new LyingRegistry(server);
    holder.registry = registry;
    const entries = await imageEntries({ layout: 'oci-gzip' });
    for (const { name, content = '' } of entries) {
      const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
      if (digest !== undefined) registry.blobs.set(`sha256:${digest}`, Buffer.from(content));
      if (String(content).includes('"schemaVersion":2,"config"')) registry.manifest = Buffer.from(content);
    }
    return registry;
  }

  get reference(): string {
    return `${this.server.host}/some/image:1`;
  }

  /** The digest of the larger one of the configuration and the layer. */
  get largest(): string {
    const parts = [...this.blobs].filter(([digest]) => digest !== digestOf(this.manifest));
    return parts.sort(([, a], [, b]) => a.length - b.length)[0]?.[0] ?? '';
  }

  answer(path: string, response: ServerResponse): void {
    if (this.lie(path, response)) return;
    const blob = this.blobs.get(/\/blobs\/(.*)$/.exec(path)?.[1] ?? '');
    if (path.includes('/manifests/')) response.writeHead(200, this.headers).end(this.manifest);
    else if (blob !== undefined) response.end(blob);
    else response.writeHead(404).end('{"errors":[{"code":"UNKNOWN"}]}');
  }
}

describe('RegistryExchange with a malicious registry', () => {
  let registry: LyingRegistry;
  let images: SmallImageService;
  let exchange: RegistryExchange;
  beforeEach(async () => {
    registry = await LyingRegistry.start();
    images = new SmallImageService();
    exchange = new RegistryExchange({ imageService: images, idleTimeoutMs: 500 });
  });
  afterEach(async () => {
    exchange.close();
    await registry.server.close();
  });
  const pull = (reference = registry.reference, onProgress?: OnProgress): ReturnType<typeof exchange.pull> =>
    exchange.pull(context, reference, {}, { credentials, onProgress });

  it('pulls an image although the progress listener throws, and logs the error once', async () => {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const logging = new RegistryExchange({ imageService: images, logger: { ...noOpLogger, warn } });
    const onProgress = (): void => {
      throw new Error('rude');
    };
    await expect(logging.pull(context, registry.reference, {}, { onProgress })).resolves.toMatchObject({
      status: 'active',
    });
    logging.close();
    expect(warnings).toEqual(['onProgress threw: the operation continues']);
  });

  it('pulls an image while every answer is correct', async () => {
    const { id, size } = await pull();
    expect((await readAll(await images.download(context, id), Infinity)).length).toBe(size);
  });

  it('refuses a manifest whose digest is not the requested one, or not the one in Docker-Content-Digest: another image would boot', async () => {
    const other = digestOf('something else');
    await expect(pull(`${registry.server.host}/some/image@${other}`)).rejects.toThrow(ImageUnacceptable);
    registry.headers['docker-content-digest'] = other;
    await expect(pull()).rejects.toThrow(ImageUnacceptable);
  });

  it.each([
    ['other bytes', (blob: Buffer) => Buffer.alloc(blob.length, 'x'), ImageUnacceptable],
    ['fewer bytes', (blob: Buffer) => blob.subarray(1), ImageUnacceptable],
    ['more bytes', (blob: Buffer) => Buffer.concat([blob, Buffer.alloc(1)]), ImageSourceError],
  ])(
    'refuses a blob with %s than its descriptor says: the image would hold unverified files',
    async (_what, spoil, failure) => {
      const digest = registry.largest;
      registry.blobs.set(digest, spoil(registry.blobs.get(digest) ?? Buffer.alloc(0)));
      await expect(pull()).rejects.toThrow(failure);
    },
  );

  const forged = z.looseObject({
    config: z.looseObject({ size: z.number() }),
    layers: z.tuple([z.looseObject({ size: z.number() })]),
  });
  type Forged = z.output<typeof forged>;
  const nothingWasFetched = (): void =>
    expect(registry.server.requests.filter(({ url = '' }) => url.includes('/blobs/'))).toEqual([]);

  it.each([
    ['bytes', ({ config, layers: [layer] }: Forged) => ({ config, layers: [{ ...layer, size: 2 ** 36 }] })],
    ['layers', ({ config, layers: [layer] }: Forged) => ({ config, layers: Array(501).fill(layer) })],
    [
      'bytes of configuration',
      ({ config, layers }: Forged) => ({ config: { ...config, size: 5 * 1024 * 1024 }, layers }),
    ],
  ])(
    'fetches no blob of an image that has more %s than are allowed, which would fill disk or memory',
    async (_what, forge) => {
      const manifest = forged.parse(JSON.parse(registry.manifest.toString()));
      registry.manifest = Buffer.from(JSON.stringify({ ...manifest, ...forge(manifest) }));
      await expect(pull()).rejects.toThrow(ImageUnacceptable);
      nothingWasFetched();
    },
  );

  it.each([
    ['a second "layers" field in another letter case', ',"Layers":[]}'],
    ['the field "layers" twice', ',"layers":[]}'],
  ])(
    'fetches no blob of an image whose manifest has %s: a later pull would read other layers',
    async (_what, end) => {
      registry.manifest = Buffer.from(registry.manifest.toString().replace(/\}$/, end));
      await expect(pull()).rejects.toThrow(ImageUnacceptable);
      nothingWasFetched();
    },
  );

  it('applies the limits that the operator sets', async () => {
    const { size } = await pull();
    registry.server.requests.length = 0;
    for (const limits of [{ maxBytes: Math.floor((size ?? 0) / 10) }, { maxMetadataBytes: 100 }]) {
      const narrow = new RegistryExchange({ imageService: images, imageLimits: limits });
      await expect(narrow.pull(context, registry.reference)).rejects.toThrow('allowed');
      narrow.close();
    }
    nothingWasFetched();
  });

  it('fails with the abort reason while the image service has not begun to read', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const late = new RegistryExchange({
      imageService: new LateReader(() => controller.abort(reason)),
    });
    const pulling = late.pull(context, registry.reference, {}, { signal: controller.signal });
    await expect(pulling).rejects.toBe(reason);
    late.close();
  });

  it('refuses an overlong manifest, which would fill the memory, and times out on a silent registry', async () => {
    registry.manifest = Buffer.alloc(5 * 1024 * 1024, ' ');
    await expect(pull()).rejects.toThrow(ImageSourceError);
    registry.lie = (_path, response) => {
      response.writeHead(200).write('{');
      return true;
    };
    await expect(pull()).rejects.toThrow(DeadlineExceeded);
    registry.lie = () => true;
    await expect(pull()).rejects.toThrow(DeadlineExceeded);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'http://user:secret@127.0.0.1/'])(
    'refuses a redirect to %s, which would read files and services of this machine or send secrets',
    async (location) => {
      registry.lie = (path, response) => {
        if (path.includes('/blobs/')) response.writeHead(307, { location }).end();
        return path.includes('/blobs/');
      };
      await expect(pull()).rejects.toThrow(ImageSourceError);
    },
  );

  it('refuses redirects in a circle', async () => {
    registry.lie = (path, response) => {
      response.writeHead(307, { location: path }).end();
      return true;
    };
    await expect(pull()).rejects.toThrow('more than 5 times');
  });

  it('sends credentials to the registry, but not to the host of a redirect', async () => {
    const elsewhere = await WebServer.start(({ url = '' }, response) => registry.answer(url, response));
    registry.lie = (path, response) => {
      const { authorization } = registry.server.requests.at(-1)?.headers ?? {};
      const isHere = registry.server.requests.at(-1)?.headers.host === registry.server.host;
      if (!isHere || response.req.headers.host !== registry.server.host) return false;
      if (authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="here"' }).end();
      else if (path.includes('/blobs/')) response.writeHead(307, { location: elsewhere.url(path) }).end();
      else return false;
      return true;
    };
    await pull();
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).not.toContainEqual(
      expect.anything(),
    );
    await elsewhere.close();
  });

  it('gets a token from the realm that the registry names, and sends it to the registry', async () => {
    const tokens = await WebServer.start((_request, response) => response.end('{"token":"of the day"}'));
    registry.lie = (_path, response) => {
      if (response.req.headers.authorization === 'Bearer of the day') return false;
      const challenge = `Bearer realm="${tokens.url('/token')}",service="registry",scope="repository:some/image:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
    await pull();
    const [asked] = tokens.requests;
    expect(asked?.url).toBe('/token?service=registry&scope=repository%3Asome%2Fimage%3Apull');
    expect(asked?.headers.authorization).toMatch(/^Basic /);
    await tokens.close();
  });

  it.each(['Bearer', 'Bearer realm="nonsense"', 'Bearer realm="ftp://127.0.0.1/token"'])(
    'requests no token for the challenge %s, and closes the connection of the endless answer',
    async (challenge) => {
      const holder: { closed?: Promise<unknown> } = {};
      registry.lie = (_path, response) => {
        holder.closed = once(response, 'close');
        response.writeHead(401, { 'www-authenticate': challenge }).write('an answer without end');
        return true;
      };
      await expect(pull()).rejects.toThrow(ImageSourceError);
      await holder.closed;
    },
  );

  it.each(['/v2/', '/redirected/', '/token'])(
    'requests only addresses that mayFetch allows: nothing under %s',
    async (forbidden) => {
      const { server } = registry;
      registry.lie = (path, response) => {
        const isSigned = response.req.headers.authorization === 'Bearer of the day';
        if (path === '/token') response.end('{"token":"of the day"}');
        else if (path.startsWith('/redirected/')) return false;
        else if (!isSigned)
          response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url('/token')}"` }).end();
        else if (path.includes('/blobs/')) response.writeHead(307, { location: `/redirected${path}` }).end();
        else return false;
        return true;
      };
      const mayFetch = ({ pathname }: URL): boolean => !pathname.startsWith(forbidden);
      const careful = new RegistryExchange({ imageService: images, mayFetch });
      await expect(careful.pull(context, registry.reference)).rejects.toThrow('may not be fetched');
      expect(server.requests.filter(({ url = '' }) => url.startsWith(forbidden))).toEqual([]);
      careful.close();
      await pull();
      expect(server.requests.filter(({ url = '' }) => url.startsWith(forbidden))).not.toEqual([]);
    },
  );

  it('refuses to upload to a host other than the registry', async () => {
    const { id } = await images.create(
      context,
      { container_format: 'docker', disk_format: 'raw' },
      bytes(await buildImageArchive()),
    );
    const elsewhere = await WebServer.start((_request, response) => response.writeHead(202).end());
    registry.lie = (_path, response) => {
      response.writeHead(202, { location: elsewhere.url('/upload') }).end();
      return true;
    };
    const pushing = exchange.push(context, id, registry.reference, { credentials });
    await expect(pushing).rejects.toThrow('redirects an upload to another server');
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it('times out when the registry does not read an upload', async () => {
    const { id } = await images.create(
      context,
      { container_format: 'docker', disk_format: 'raw' },
      bytes(await buildImageArchive({ layers: [[{ path: 'x', content: Buffer.alloc(30_000_000) }]] })),
    );
    registry.lie = (_path, response) => {
      if (response.req.method === 'POST') response.writeHead(202, { location: '/v2/upload' }).end();
      return true;
    };
    await expect(exchange.push(context, id, registry.reference)).rejects.toThrow(DeadlineExceeded);
  });
});
