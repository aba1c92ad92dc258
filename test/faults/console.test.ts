import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DirectoryImageService, DockerDriver } from '../../lib/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { dockerHarness } from '../support/docker-harness.js';
import { engineHost, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalUser } from '../support/terminal-user.js';

describe('a serial console of a failing engine', () => {
  const folder = temporaryFolder();
  beforeAll(() => folder.path());
  afterAll(() => folder.remove());

  it('disconnects its user, informs the next one, and is closed by cleanup_host', async () => {
    const imageService = new DirectoryImageService({ directory: await folder.path() });
    const { id } = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sh'] }),
    );
    const serialConsole = { address: '127.0.0.1' };
    const instance = newInstance();
    const host = `test-${instance.uuid.slice(0, 8)}`;
    const proxy = await startFaultProxy({ engine: engineHost() });
    const broken = new DockerDriver({ engine: proxy.host, imageService, serialConsole });
    const sound = new DockerDriver({ imageService, serialConsole });
    try {
      await broken.init_host(host);
      await broken.spawn(context, instance, newImageMeta(id));
      const where = await broken.get_serial_console(context, instance);
      const user = await TerminalUser.at(where);
      user.type('left=behind\n');
      await user.sees('left=behind');
      await proxy.close();
      await user.isCutOff();
      const next = await TerminalUser.at(where);
      await next.isCutOff();
      expect(next.shown.toString()).toMatch(/^The terminal cannot be reached/);
      await broken.cleanup_host(host);
      await expect(TerminalUser.at(where)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

      await sound.init_host(host);
      const later = await TerminalUser.at(await sound.get_serial_console(context, instance));
      later.type('echo it was $left\n');
      await later.sees('it was behind');
      later.leave();
    } finally {
      await broken.cleanup_host(host);
      await proxy.close();
      await sound.init_host(host);
      await sound.destroy(context, instance, []);
      await sound.cleanup_host(host);
      await removeImages([id]);
    }
  });

  it('stays open when the engine fails to inspect the instance once', async () => {
    const proxy = await startFaultProxy({ engine: engineHost() });
    const harness = await dockerHarness({ engine: proxy.host, serialConsole: { address: '127.0.0.1' } });
    const { driver, context } = harness;
    try {
      const instance = await harness.boot();
      const where = await driver.get_serial_console(context, instance);
      const second = { method: 'GET', path: /\/containers\/nova-.*\/json/, nth: 2 };
      proxy.inject({ ...second, kind: 'answer', status: 500, message: 'out of sorts' });
      await expect(driver.get_serial_console(context, instance)).rejects.toMatchObject({
        message: expect.stringContaining('out of sorts'),
      });
      const user = await TerminalUser.at(where);
      user.type('left=behind\n');
      await user.sees('left=behind');
      user.leave();
      proxy.inject({ ...second, kind: 'answer', status: 404, message: 'No such container: x' });
      await expect(driver.get_serial_console(context, instance)).rejects.toMatchObject({
        name: 'InstanceNotFound',
      });
      await expect(TerminalUser.at(where)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    } finally {
      await harness.close();
      await proxy.close();
    }
  });
});
