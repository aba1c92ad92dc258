import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { SerialConsoles } from '../../../lib/serial-consoles/index.js';
import type { ContainerRef, Engine } from '../../../lib/engine/index.js';
import { containerRef, imageReference } from '../../../lib/engine/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { repository } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { TerminalUser } from '../../support/terminal-user.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

const nameOf = ({ uuid }: Instance): ContainerRef => containerRef(`nova-${uuid}`);

describe('DockerDriver consoles', () => {
  let without: Harness;
  let engine: Engine;
  beforeAll(async () => {
    without = await dockerHarness();
    engine = directEngine();
  });
  afterAll(async () => {
    await without.close();
    engine.close();
  });

  it('refuses serial consoles without the option, and for instances spawned without it', async () => {
    const { boot, context } = without;
    const instance = await boot();
    const refused = { name: 'ConsoleTypeUnavailable', instance_uuid: instance.uuid };
    await expect(without.driver.get_serial_console(context, instance)).rejects.toMatchObject(refused);
    const enabled = new DockerDriver({
      imageService: without.imageService,
      serialConsole: { address: '127.0.0.1' },
    });
    await enabled.init_host(without.host);
    try {
      await expect(enabled.get_serial_console(context, instance)).rejects.toMatchObject(refused);
    } finally {
      await enabled.cleanup_host(without.host);
    }
  });

  it("has no console output when the container's log driver cannot be read", async () => {
    const { boot, driver, context } = without;
    const instance = await boot();
    const { Config: configuration, HostConfig: host } = await engine.containers.configuration(
      nameOf(instance),
    );
    const { Config: told } = await engine.containers.inspect(nameOf(instance));
    await engine.containers.remove(nameOf(instance), { force: true });
    await engine.containers.create({
      name: nameOf(instance),
      specification: {
        ...configuration,
        Image: imageReference(repository.image, without.image.id),
        Labels: told.Labels,
        HostConfig: { ...host, LogConfig: { Type: 'none' } },
      },
    });
    await engine.containers.start(nameOf(instance));
    await expect(driver.get_console_output(context, instance)).rejects.toMatchObject({
      name: 'ConsoleNotAvailable',
    });
  });

  it('disconnects a user that does not read, so that the instance can continue to print', async () => {
    const consoles = new SerialConsoles({
      address: '127.0.0.1',
      ports: [10_000, 20_000],
      timeoutMs: 1000,
      logger: noOpLogger,
    });
    const withTerminals = await dockerHarness({ serialConsole: { address: '127.0.0.1' } });
    try {
      const { driver, context } = withTerminals;
      const { instance } = await withTerminals.run(
        'echo done; sleep 1; yes a line that nobody reads | head -c 30000000; echo; echo finished; exec sleep 1000',
      );
      const how = { stdin: true, stdout: true, stderr: true, tty: true };
      const user = await TerminalUser.at(
        await consoles.open(instance.uuid, (signal) =>
          engine.containers.attach(nameOf(instance), { ...how, signal }),
        ),
      );
      user.socket.pause();
      await eventually('the instance continues', async () =>
        (await driver.get_console_output(context, instance)).includes('finished'),
      );
      user.leave();
    } finally {
      await consoles.stop();
      await withTerminals.close();
    }
  });
});
