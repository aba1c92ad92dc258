import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlanceConnectionFailed } from '../../../../interfaces/index.js';
import { GlanceImageService, type GlanceImageServiceOptions } from '../../../../lib/image-services/index.js';
import { borrowedChunks } from '../../../../lib/streams/index.js';

const data = randomBytes(5_000_000);

const record = {
  id: '70a599e0-31e7-49b7-b260-868f441e862b',
  name: 'large',
  status: 'active',
  container_format: 'docker',
  disk_format: 'raw',
  size: data.length,
  checksum: null,
  os_hash_algo: 'sha512',
  os_hash_value: createHash('sha512').update(data).digest('hex'),
  min_disk: 0,
  min_ram: 0,
  visibility: 'public',
  owner: null,
  protected: false,
  tags: [],
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
};

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
    server = createServer(
      { cert: certificate, key: readFileSync(join(folder, 'key.pem')) },
      ({ url = '' }, answer) => {
        if (url.endsWith('/file')) answer.end(data);
        else answer.end(JSON.stringify(url.endsWith(record.id) ? record : { images: [] }));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    options = { auth: { type: 'context_token' }, endpoints: `https://127.0.0.1:${port}`, maxRetries: 0 };
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

  it('is refused when no trusted authority has signed its certificate', async () => {
    await expect(ask({})).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('is accepted when the authority in `ca` has signed its certificate', async () => {
    expect(await ask({ ca: certificate })).toEqual([]);
    expect(await ask({ ca: certificate.toString() })).toEqual([]);
  });

  it('is accepted unverified when `insecureSkipTlsVerify` is set', async () => {
    expect(await ask({ insecureSkipTlsVerify: true })).toEqual([]);
  });

  it('delivers unchanged bytes to a slow reader that borrows its buffers', async () => {
    const service = new GlanceImageService({ ...options, ca: certificate });
    try {
      const stream = await service.download({ auth_token: 'token' }, record.id);
      const received = createHash('sha512');
      for await (const piece of borrowedChunks(stream)) {
        await setTimeout(1);
        if (piece instanceof Uint8Array) received.update(piece);
      }
      expect(received.digest('hex')).toBe(record.os_hash_value);
    } finally {
      service.close();
    }
  });
});
