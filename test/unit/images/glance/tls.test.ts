import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlanceConnectionFailed } from '../../../../interfaces/index.js';
import { GlanceImageService, type GlanceImageServiceOptions } from '../../../../lib/images/glance/index.js';

describe('an image service behind TLS', () => {
  let folder: string;
  let server: Server;
  let certificate: Buffer;
  let options: GlanceImageServiceOptions;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glance-tls-'));
    const subject = ['-subj', '/CN=glance', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', 'key.pem', '-out', 'certificate.pem'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...files, ...subject], {
      cwd: folder,
      stdio: 'pipe',
    });
    certificate = readFileSync(join(folder, 'certificate.pem'));
    const listing = JSON.stringify({ images: [] });
    server = createServer(
      { cert: certificate, key: readFileSync(join(folder, 'key.pem')) },
      (_request, answer) => answer.end(listing),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    options = { auth: { type: 'context_token' }, endpoints: `https://127.0.0.1:${port}`, retries: 0 };
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (more: Partial<GlanceImageServiceOptions>): Promise<unknown> => {
    const service = new GlanceImageService({ ...options, ...more });
    try {
      return await service.detail({ auth_token: 'token' });
    } finally {
      service.close();
    }
  };

  it('is not believed when nobody vouches for its certificate', async () => {
    await expect(ask({})).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('is believed when the authority that was named vouches for it', async () => {
    expect(await ask({ ca: certificate })).toEqual([]);
    expect(await ask({ ca: certificate.toString() })).toEqual([]);
  });

  it('is believed without anybody when that was asked for', async () => {
    expect(await ask({ insecure: true })).toEqual([]);
  });
});
