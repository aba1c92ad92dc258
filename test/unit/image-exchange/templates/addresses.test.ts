import { execFileSync } from 'node:child_process';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord } from '../../../../interfaces/index.js';
import { InvalidInput } from '../../../../interfaces/index.js';
import { ImageSourceError } from '../../../../lib/http/index.js';
import { ImageTemplates, type ImageTemplatesOptions } from '../../../../lib/image-exchange/index.js';
import { DeadlineExceeded } from '../../../../lib/streams/index.js';
import { context } from '../../../support/nova-objects.js';
import { SmallImageService } from '../../../support/small-image-service.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { WebServer } from '../../../support/web-server.js';

describe('ImageTemplates with an archive from a URL', () => {
  const opened: { close: () => void | Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  const serve = async (answer: RequestListener): Promise<WebServer> => {
    const server = await WebServer.start(answer);
    opened.push(server);
    return server;
  };
  const register = (
    url: string,
    options: Partial<ImageTemplatesOptions> = {},
    signal?: AbortSignal,
  ): Promise<ImageRecord> => {
    const imageService = new SmallImageService();
    const engine = 'unix:///nobody/is/there.sock';
    const templates = new ImageTemplates({ engine, imageService, host: 'addresses', ...options });
    opened.push(templates);
    return templates.register(context, { type: 'archive', from: { url } }, {}, { signal });
  };

  it.each(['file:///etc/passwd', 'unix:///var/run/docker.sock', 'data:,x', 'nonsense', 'http://a:secret@b/'])(
    'refuses %s, and a redirect to it',
    async (location) => {
      const refused: unknown = await register(location).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(InvalidInput);
      expect(String(refused)).not.toContain('secret');
      const server = await serve((request, response) => {
        if (request.url === '/') response.writeHead(302, { location }).end();
        else response.writeHead(404).end();
      });
      await expect(register(server.url('/'))).rejects.toThrow(ImageSourceError);
    },
  );

  it('refuses more than maxBytes, with and without a Content-Length', async () => {
    const large = Buffer.alloc(2_000_000);
    const server = await serve((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', large.length);
      response.write(large.subarray(0, 1_000_000));
      response.end(large.subarray(1_000_000));
    });
    for (const path of ['/announced', '/not'])
      await expect(register(server.url(path), { maxBytes: 1_500_000 })).rejects.toThrow('1500000');
    expect(await register(server.url('/not'))).toMatchObject({ size: large.length });
  });

  it('times out on a silent server, and stops waiting when its signal aborts', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/late') response.write('some');
    });
    for (const path of ['/late', '/never'])
      await expect(register(server.url(path), { idleTimeoutMs: 200 })).rejects.toThrow(DeadlineExceeded);
    const reason = new Error('enough');
    const controller = new AbortController();
    const registering = register(server.url('/late'), {}, controller.signal);
    setTimeout(() => controller.abort(reason), 100);
    await expect(registering).rejects.toBe(reason);
  });

  it('refuses a truncated download', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some', () => response.destroy());
    });
    await expect(register(server.url('/'))).rejects.toThrow(ImageSourceError);
  });

  it('fetches only what mayFetch allows, redirects included', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/allowed') response.writeHead(302, { location: '/forbidden' }).end();
      else response.end('secret of a neighbour');
    });
    const mayFetch = (url: URL): boolean => url.pathname === '/allowed';
    await expect(register(server.url('/allowed'), { mayFetch })).rejects.toThrow('may not be fetched');
    expect(server.requests.map(({ url }) => url)).toEqual(['/allowed']);
  });

  it('fetches only if mayFetch returns true, and waits no longer for mayFetch than for a server', async () => {
    const server = await serve((_request, response) => response.end('secret of a neighbour'));
    const url = server.url('/');
    const no = Object.assign({ mayFetch: () => true }, { mayFetch: () => 'no' });
    await expect(register(url, no)).rejects.toThrow('may not be fetched');
    const mayFetch = (): Promise<boolean> => new Promise(() => undefined);
    await expect(register(url, { mayFetch, idleTimeoutMs: 100 })).rejects.toThrow(DeadlineExceeded);
    const reason = new Error('enough');
    const controller = new AbortController();
    const registering = register(url, { mayFetch }, controller.signal);
    setTimeout(() => controller.abort(reason), 50);
    await expect(registering).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it('reports the status of the server, but no secret of the URL', async () => {
    const server = await serve((_request, response) => response.writeHead(403).end());
    const failure: unknown = await register(server.url('/x?token=secret')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 403 });
    expect(String(failure) + JSON.stringify(failure)).not.toContain('secret');
  });
});

describe('ImageTemplates', () => {
  const folder = temporaryFolder();
  afterEach(() => folder.remove());

  it('refuses a FIFO in place of a file, which would block it for ever', async () => {
    const path = join(await folder.path(), 'image.tar');
    execFileSync('mkfifo', [path]);
    const imageService = new SmallImageService();
    const templates = new ImageTemplates({ engine: 'unix:///nobody.sock', imageService, host: 'x' });
    const registering = templates.register(context, { type: 'archive', from: { path } });
    await expect(registering).rejects.toThrow(InvalidInput);
    templates.close();
  });

  it('refuses a malformed source without repeating its password', async () => {
    const imageService = new SmallImageService();
    const templates = new ImageTemplates({ engine: 'unix:///nobody.sock', imageService, host: 'x' });
    for (const source of [
      {},
      { type: 'dockerfile' },
      { type: 'archive', from: {} },
      { type: 'repository', reference: 'x', credentials: { username: 1, password: 'hush' } },
    ]) {
      const given: unknown = source;
      const register: unknown = Reflect.get(templates, 'register');
      if (typeof register !== 'function') throw new Error('there is no such method');
      const refused: unknown = await Promise.resolve(
        Reflect.apply(register, templates, [context, given]),
      ).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(InvalidInput);
      expect(String(refused)).not.toContain('hush');
    }
    templates.close();
    expect(() => new ImageTemplates({ imageService, host: '' })).toThrow(InvalidInput);
  });
});
