import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Progress } from '../../../../interfaces/index.js';
import { imageRef } from '../../../../lib/engine/index.js';
import { sendImage } from '../../../../lib/images/transfer/send-image.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { answerJson, FakeEngine, until } from '../../engine/fake-engine.js';

const content = Buffer.alloc(1024);
const diffId = `sha256:${createHash('sha256').update(content).digest('hex')}`;
async function* bytes(): AsyncGenerator<Buffer, void, void> {
  yield await Promise.resolve(content);
}
const id = `sha256:${'a'.repeat(64)}`;
const image = {
  ...{ Id: id, RepoTags: [], RepoDigests: [], Architecture: 'amd64', Os: 'linux', Size: 5, Config: {} },
  RootFS: { Type: 'layers', Layers: [diffId] },
};

describe('an instance that is sent to an engine which is silent while it unpacks', () => {
  let fake: FakeEngine;
  /** Answers the load. */
  let answer: ((give: (response: ServerResponse) => void) => void) | undefined;
  let told: Progress[];
  let sending: Promise<unknown>;

  beforeEach(async () => {
    jest.useFakeTimers({
      doNotFake: [
        'setTimeout',
        'clearTimeout',
        'setImmediate',
        'nextTick',
        'queueMicrotask',
        'performance',
        'Date',
      ],
    });
    told = [];
    answer = undefined;
    fake = await FakeEngine.start((request, response) => {
      const { method = '', url = '' } = request;
      if (url.includes('/images/load')) request.resume().on('end', () => (answer = (give) => give(response)));
      else if (method === 'GET') answerJson(response, 200, image);
      else if (method === 'DELETE') answerJson(response, 200, []);
      else response.writeHead(201).end();
    });
    const engine = fake.client();
    const like = await engine.images.inspect(imageRef('like:it'));
    const layer = {
      ...{ size: content.length, diffId, below: [] },
      content: bytes,
    };
    const destination = { destination: engine, uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f', bootedBytes: 0 };
    const options = { maxBytes: 1e6, host: 'node-1', logger: noOpLogger };
    const onProgress = (each: Progress): void => void told.push(each);
    sending = sendImage({ ...destination, ...options, onProgress }, like, layer);
    await until(() => answer !== undefined, 'the engine has the whole image');
  });
  afterEach(async () => {
    jest.useRealTimers();
    await fake.stop();
  });

  const phases = (): string[] => told.map(({ phase }) => phase);

  it('tells its listener again and again that the wait goes on, until the engine answers', async () => {
    jest.advanceTimersByTime(4000);
    expect(phases().slice(-3)).toEqual(['loading', 'waiting', 'waiting']);
    answer?.((response) => answerJson(response, 200, { stream: 'Loaded image: x' }));
    await sending;
    jest.advanceTimersByTime(10_000);
    expect(phases().slice(-3)).toEqual(['loading', 'waiting', 'waiting']);
  });

  it('tells nothing any more after the engine has failed', async () => {
    answer?.((response) => answerJson(response, 500, { message: 'no space left on device' }));
    await expect(sending).rejects.toThrow('no space left');
    jest.advanceTimersByTime(10_000);
    expect(phases().at(-1)).toBe('loading');
  });
});
