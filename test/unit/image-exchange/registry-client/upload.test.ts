import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { registryReference } from '../../../../lib/image-exchange/registry-client/reference.js';
import { RegistryClient } from '../../../../lib/image-exchange/registry-client/registry-client.js';
import { WebClient } from '../../../../lib/http/index.js';
import { DeadlineExceeded } from '../../../../lib/streams/index.js';
import { sha256 } from '../../../support/archives.js';
import { WebServer } from '../../../support/web-server.js';

const idle = 300;

describe('an upload to a registry', () => {
  let server: WebServer;
  let web: WebClient;
  let taken: string;
  let answersUploads: boolean;
  beforeEach(async () => {
    taken = '';
    answersUploads = true;
    server = await WebServer.start((request, response) => {
      request.on('data', (bytes: Buffer) => (taken += bytes.toString()));
      request.on('end', () => {
        if (request.method === 'PATCH' && !answersUploads) return;
        response.writeHead(request.method === 'PUT' ? 201 : 202, { location: '/v2/upload' }).end();
      });
    });
    web = new WebClient({ idle });
  });
  afterEach(async () => {
    web.close();
    await server.close();
  });
  const upload = (source: Readable, size: number): Promise<string> => {
    const reference = registryReference(`${server.host}/some/image:1`);
    return new RegistryClient(web, { reference, insecure: true }).upload(source, size, () => undefined);
  };

  it('waits for its data without a limit', async () => {
    const halting = async function* (): AsyncGenerator<Buffer, void, void> {
      for (const word of ['first ', 'second ', 'third']) {
        await setTimeout(2 * idle);
        yield Buffer.from(word);
      }
    };
    const all = 'first second third';
    expect(await upload(Readable.from(halting()), all.length)).toBe(`sha256:${sha256(all)}`);
    expect(taken).toBe(all);
  });

  it('times out when the registry is silent for longer than the idle time', async () => {
    answersUploads = false;
    await expect(upload(Readable.from([Buffer.from('all')]), 3)).rejects.toBeInstanceOf(DeadlineExceeded);
  });

  it('fails with the error of its source', async () => {
    const reason = new Error('the image is damaged');
    const breaking = async function* (): AsyncGenerator<Buffer, void, void> {
      yield Buffer.from('some');
      await setTimeout(10);
      throw reason;
    };
    await expect(upload(Readable.from(breaking()), 100)).rejects.toBe(reason);
  });
});
