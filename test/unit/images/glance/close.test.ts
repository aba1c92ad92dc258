import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { GlanceConnectionFailed } from '../../../../interfaces/index.js';
import { GlanceImageService } from '../../../../lib/images/glance/index.js';
import { WebServer } from '../../../support/web-server.js';

describe('closing an image service', () => {
  it.each([
    ['a question', (service: GlanceImageService) => service.show({ auth_token: 'x' }, randomUUID())],
    [
      'what is sent once',
      (service: GlanceImageService) => service.create({ auth_token: 'x' }, { id: randomUUID() }),
    ],
  ])('breaks off %s that is not answered', async (_what, ask) => {
    const asked: { arrived?: () => void } = {};
    const arrived = new Promise<void>((resolve) => (asked.arrived = resolve));
    const server = await WebServer.start(() => asked.arrived?.());
    const auth = { type: 'context_token' } as const;
    const service = new GlanceImageService({ auth, endpoints: server.url(''), retries: 0 });
    const outcome = ask(service);
    await arrived;
    const [request] = server.requests;
    const left =
      request === undefined ? Promise.reject(new Error('nothing was asked')) : once(request, 'close');
    service.close();
    await expect(outcome).rejects.toBeInstanceOf(GlanceConnectionFailed);
    await left;
    await server.close();
  });
});
