import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GlanceConnectionFailed } from '../../../../interfaces/index.js';
import { GlanceImageService } from '../../../../lib/image-services/index.js';
import { WebServer } from '../../../support/web-server.js';

const context = { auth_token: 'x' };

describe('GlanceImageService.close', () => {
  it.each([
    ['a read', (service: GlanceImageService) => service.show(context, randomUUID())],
    [
      'a request that is not retried',
      (service: GlanceImageService) => service.create(context, { id: randomUUID() }),
    ],
  ])('aborts %s that Glance has not answered', async (_what, ask) => {
    let onRequest: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (onRequest = resolve));
    const server = await WebServer.start(() => onRequest());
    const auth = { type: 'context_token' } as const;
    const service = new GlanceImageService({
      auth,
      endpoints: server.url(''),
      maxRetries: 0,
      timeouts: { callMs: 3000 },
    });
    const outcome = ask(service);
    await asked;
    service.close();
    await expect(outcome).rejects.toMatchObject({
      constructor: GlanceConnectionFailed,
      cause: { name: 'ConnectionBroken' },
    });
    await server.close();
  });
});
