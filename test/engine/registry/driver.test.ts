import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NovaException } from '../../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, StaticAccounts } from '../../../lib/index.js';
import { RegistryUser } from '../../support/registry-user.js';
import { WebServer } from '../../support/web-server.js';

const login = { username: 'alice', password: 'open sesame' };
const accounts = new StaticAccounts([{ ...login, context: { project_id: 'demo' } }]);

describe('the registry of a driver', () => {
  const host = `registry-${randomUUID()}`;
  let folder: string;
  let port: number;
  let driver: DockerDriver;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driver-registry-'));
    const probe = await WebServer.start(() => undefined);
    port = Number(new URL(probe.url('/')).port);
    await probe.close();
    driver = new DockerDriver({
      imageService: new DirectoryImageService({ directory: join(folder, 'images') }),
      registry: { accounts, port, folder: join(folder, 'registry') },
    });
  });
  afterAll(async () => {
    await driver[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('runs from init_host to cleanup_host', async () => {
    const user = new RegistryUser(`127.0.0.1:${port}`, login);
    await expect(user.token(login)).rejects.toThrow();
    for (let times = 0; times < 2; times += 1) {
      await driver.init_host(host);
      expect((await new RegistryUser(`127.0.0.1:${port}`, login).send('GET', '/v2/')).status).toBe(200);
      await driver.cleanup_host(host);
      await expect(user.token(login)).rejects.toThrow();
    }
    expect(await readdir(join(folder, 'registry'))).toEqual([]);
  });

  it('fails init_host when its port is taken, and leaves nothing', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const failure: unknown = await driver.init_host(host).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NovaException);
    expect(failure).toMatchObject({ message: expect.stringContaining('EADDRINUSE') });
    await expect(driver.list_instances()).rejects.toThrow('init_host');
    expect(await readdir(join(folder, 'registry'))).toEqual([]);
    other.close();
    await once(other, 'close');
    await driver.init_host(host);
    await driver.cleanup_host(host);
  });
});
