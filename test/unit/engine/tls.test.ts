import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { Engine, EngineUnreachable, containerRef, engineAddress } from '../../../lib/engine/index.js';
import { version20 } from './fake-engine.js';

describe('an engine behind TLS', () => {
  let folder: string;
  let server: Server;
  let port: number;
  let client: Engine;
  /** The common names of the client certificates that the server received. */
  const callers: unknown[] = [];

  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };

  const certificate = (name: string, extension: string): void => {
    const subject = `/CN=${name}`;
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}-key.pem`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
    );
    writeFileSync(join(folder, 'extensions'), extension);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-extfile',
      'extensions',
    );
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'engine-tls-'));
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca-key.pem'];
    openssl('req', '-x509', ...key, '-out', 'ca.pem', '-days', '2', '-subj', '/CN=authority');
    certificate('server', 'subjectAltName=IP:127.0.0.1');
    certificate('client', 'extendedKeyUsage=clientAuth');
    for (const name of ['cert', 'key']) {
      const source = name === 'cert' ? 'client.pem' : 'client-key.pem';
      writeFileSync(join(folder, `${name}.pem`), readFileSync(join(folder, source)));
    }
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    server = createServer(
      {
        ca: read('ca.pem'),
        cert: read('server.pem'),
        key: read('server-key.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        callers.push('getPeerCertificate' in request.socket ? peerName(request.socket) : undefined);
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(version20));
      },
    );
    server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nover TLS');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });

  afterEach(() => {
    client.close();
    callers.length = 0;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('is verified, and receives the client certificate, with the files of DOCKER_CERT_PATH', async () => {
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    client = new Engine(engineAddress(undefined, env));
    expect(await client.negotiate()).toMatchObject({ apiVersion: '1.41' });
    expect(callers).toEqual(['client']);
  });

  it('is verified for upgraded streams too', async () => {
    const options = { host: `https://127.0.0.1:${port}`, ca: join(folder, 'ca.pem') };
    client = new Engine(engineAddress(options));
    const stream = await client.containers.attach(containerRef('web-1'), { tty: true });
    const chunks: unknown[] = [];
    for await (const chunk of stream) chunks.push(String(chunk));
    expect(chunks.join('')).toBe('over TLS');
  });

  it('is refused when no trusted authority has signed its certificate', async () => {
    client = new Engine(engineAddress({ host: `https://127.0.0.1:${port}` }));
    await expect(client.negotiate()).rejects.toBeInstanceOf(EngineUnreachable);
    expect(callers).toEqual([]);
  });

  it('is refused when its certificate is for another host', async () => {
    client = new Engine(engineAddress({ host: `https://localhost:${port}`, ca: join(folder, 'ca.pem') }));
    await expect(client.negotiate()).rejects.toThrow(/altnames/);
    expect(callers).toEqual([]);
  });

  it('is accepted unverified when verification is switched off', async () => {
    client = new Engine(engineAddress({ host: `https://127.0.0.1:${port}`, insecureSkipTlsVerify: true }));
    expect(await client.negotiate()).toMatchObject({ apiVersion: '1.41' });
  });
});

/** The common name in a peer's certificate. */
function peerName(socket: { getPeerCertificate?: unknown }): unknown {
  const get = socket.getPeerCertificate;
  const certificate: unknown = typeof get === 'function' ? Reflect.apply(get, socket, []) : undefined;
  if (typeof certificate !== 'object' || certificate === null || !('subject' in certificate))
    return undefined;
  const { subject } = certificate;
  return typeof subject === 'object' && subject !== null && 'CN' in subject ? subject.CN : undefined;
}
