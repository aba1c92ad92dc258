import type { ServerResponse } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { TruncatedStream } from '../../../lib/engine/index.js';
import { FakeEngine, until } from './fake-engine.js';

const event = (action: string): string =>
  `${JSON.stringify({
    Type: 'container',
    Action: action,
    Actor: { ID: 'c0', Attributes: null },
    time: 1,
    timeNano: 1e9,
  })}\n`;

describe('the event stream of the engine', () => {
  let fake: FakeEngine;
  let engine: ServerResponse | undefined;
  const send = (text: string): void => {
    engine?.write(text);
  };

  beforeEach(async () => {
    engine = undefined;
    fake = await FakeEngine.start((_request, response) => {
      engine = response;
      response.writeHead(200).flushHeaders();
    });
  });

  afterEach(() => fake.stop());

  it('yields events as they happen', async () => {
    const seen: string[] = [];
    const events = fake.client().system.events({
      filters: { type: ['container'] },
      onOpen: () => send(event('create')),
    });
    for await (const { Action, Actor } of events) {
      expect(Actor.Attributes).toEqual({});
      seen.push(Action);
      if (Action === 'create') setTimeout(() => send(event('start') + event('die')), 20);
      if (Action === 'die') break;
    }
    expect(seen).toEqual(['create', 'start', 'die']);
    expect(fake.requests[1]).toBe(
      `GET /v1.41/events?filters=${encodeURIComponent('{"type":["container"]}')}`,
    );
  });

  it('closes its connection when the reader leaves the loop', async () => {
    for await (const { Action } of fake.client().system.events({ onOpen: () => send(event('a')) })) {
      expect(Action).toBe('a');
      break;
    }
    await until(() => fake.connections.size === 0, 'the connection is closed');
  });

  it.each([['breaks'], ['ends']])(
    'fails when the connection %s, after yielding every event before',
    async (how) => {
      const seen: string[] = [];
      const read = async (): Promise<void> => {
        for await (const { Action } of fake.client().system.events({
          onOpen: () => {
            send(event('a') + event('b'));
            setTimeout(() => (how === 'breaks' ? engine?.destroy() : engine?.end()), 20);
          },
        })) {
          await new Promise((resolve) => setTimeout(resolve, 30));
          seen.push(Action);
        }
      };
      await expect(read()).rejects.toBeInstanceOf(TruncatedStream);
      expect(seen).toEqual(['a', 'b']);
    },
  );

  it('fails with the reason of the abort signal', async () => {
    const controller = new AbortController();
    const events = fake.client().system.events({
      signal: controller.signal,
      onOpen: () => setTimeout(() => controller.abort('enough'), 20),
    });
    await expect(events.next()).rejects.toBe('enough');
    await until(() => fake.connections.size === 0, 'the connection is closed');
  });

  it('buffers 10,000 events for a slow reader, then closes the connection and fails', async () => {
    const long = event('x'.repeat(1000));
    const events = fake.client().system.events({ onOpen: () => send(event('first')) });
    await events.next();
    for (let i = 0; i < 2000; i += 1) send(long);
    await until(() => engine?.writableLength === 0, 'the engine has sent everything');
    for (let i = 0; i < 20_000; i += 1) send(event('y'));
    await until(() => fake.connections.size === 0, 'the client has closed the connection');
    let read = 0;
    const rest = async (): Promise<void> => {
      for await (const { Action } of events) if (Action !== '') read += 1;
    };
    await expect(rest()).rejects.toThrow(/behind/);
    expect(read).toBe(10_000);
  });
});
