import { connect, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { engineNetworkName, label } from '../../../lib/common/labels.js';
import { containerRef, networkRef } from '../../../lib/engine/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, engineHost, inventory } from '../../support/engine.js';
import { context, newInstance, TestNetwork } from '../../support/nova-objects.js';

describe('DockerDriver.init_host', () => {
  it('removes half-made instances of its own host after a crash, and adopts the others', async () => {
    const lines: [string, unknown][] = [];
    const logger = {
      debug: () => undefined,
      info: (message: string, fields: unknown) => void lines.push([message, fields]),
      warn: () => undefined,
      error: () => undefined,
    };
    const proxy = await startFaultProxy({ engine: engineHost() });
    const harness = await dockerHarness({ engine: proxy.host, logger });
    const neighbour = await dockerHarness();
    const whole = await harness.boot();
    const others = await neighbour.boot();
    proxy.inject({ method: 'POST', path: /\/start/, kind: 'answer', status: 500 });
    const undo = proxy.inject({ method: 'DELETE', path: /./, kind: 'answer', status: 500, times: Infinity });
    const crashed = newInstance();
    const network_info = new TestNetwork().port(5);
    const spawning = harness.driver.spawn(context, crashed, harness.image, { network_info });
    await expect(spawning).rejects.toMatchObject({ name: 'InstanceDeployFailure' });
    expect((await inventory()).containers.join()).toContain(crashed.uuid);
    undo.withdraw();

    lines.length = 0;
    const next = await harness.restart();
    expect((await inventory()).containers.join()).not.toContain(crashed.uuid);
    expect(lines.at(-1)).toEqual([
      'reconciled the host with its engine',
      {
        host: harness.host,
        adopted: [whole.uuid],
        removed: [crashed.uuid],
        settled: [],
        unrepaired: [],
        images: [],
        networks: network_info.map(({ network }) => engineNetworkName(network.id)),
      },
    ]);
    await expect(next.get_info(whole)).resolves.toMatchObject({ state: power_state.RUNNING });
    await expect(neighbour.driver.get_info(others)).resolves.toMatchObject({ state: power_state.RUNNING });
    await neighbour.close();
    await harness.close();
    await proxy.close();
  });

  it("leaves an instance alone that another host's driver is spawning", async () => {
    const harness = await dockerHarness();
    const network_info = new TestNetwork().port(6);
    const proxy = await startFaultProxy({ engine: engineHost() });
    const neighbour = await dockerHarness({ engine: proxy.host });
    proxy.inject({ method: 'POST', path: /\/start/, kind: 'delay-request', milliseconds: 1000 });
    const spawning = neighbour.boot({}, { network_info });
    for (let round = 0; round < 5; round += 1) await harness.driver.init_host(harness.host);
    const instance = await spawning;
    await expect(neighbour.driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    await neighbour.driver.destroy(context, instance, network_info);
    await neighbour.close();
    await harness.close();
    await proxy.close();
  });
});

describe('a restarted DockerDriver', () => {
  it('finds each instance in the state in which the previous driver left it, after every verb', async () => {
    const harness = await dockerHarness();
    const network = new TestNetwork();
    const network_info = network.port(8);
    const instance: Instance = newInstance();
    const steps: readonly [(driver: DockerDriver) => Promise<unknown>, number][] = [
      [(driver) => driver.spawn(context, instance, harness.image, { network_info }), power_state.RUNNING],
      [(driver) => driver.pause(instance), power_state.PAUSED],
      [(driver) => driver.unpause(instance), power_state.RUNNING],
      [(driver) => driver.suspend(context, instance), power_state.SUSPENDED],
      [(driver) => driver.resume(context, instance, network_info), power_state.RUNNING],
      [(driver) => driver.power_off(instance), power_state.SHUTDOWN],
      [(driver) => driver.unplug_vifs(instance, network_info), power_state.SHUTDOWN],
      [(driver) => driver.plug_vifs(instance, network_info), power_state.SHUTDOWN],
      [(driver) => driver.power_on(context, instance, network_info), power_state.RUNNING],
      [(driver) => driver.reboot(context, instance, network_info, 'HARD'), power_state.RUNNING],
      [(driver) => driver.soft_delete(instance), power_state.SHUTDOWN],
      [(driver) => driver.restore(instance), power_state.RUNNING],
    ];
    for (const [verb, state] of steps) {
      const driver = new DockerDriver({ imageService: harness.imageService });
      await driver.init_host(harness.host);
      await verb(driver);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state });
      await driver.cleanup_host(harness.host);
    }
    await harness.driver.destroy(context, instance, network_info);
    const engine = directEngine();
    await expect(engine.containers.inspect(containerRef(`nova-${instance.uuid}`))).rejects.toBeDefined();
    for (const { network } of network_info)
      await expect(engine.networks.inspect(networkRef(engineNetworkName(network.id)))).rejects.toBeDefined();
    const stored = await engine.volumes.list({
      filters: { label: [`${label.instanceUuid}=${instance.uuid}`] },
    });
    expect(stored).toEqual([]);
    engine.close();
    await harness.close();
  });
});

describe('DockerDriver with an engine over TCP', () => {
  it('reports myIp and localGb, and no address, disk size or uptime of its own machine', async () => {
    const socketPath = engineHost().slice('unix://'.length);
    const server = createServer((socket) => {
      const engine = connect(socketPath);
      socket.pipe(engine).pipe(socket);
      socket.on('error', () => engine.destroy());
      engine.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const engine = `tcp://127.0.0.1:${port}`;
    const driver = new DockerDriver({ engine });
    const node = newInstance().uuid;
    await driver.init_host(node);
    const naming = (option: string): object => ({ message: expect.stringContaining(option) });
    await expect(driver.get_host_ip_addr()).rejects.toMatchObject(naming('myIp'));
    await expect(driver.get_volume_connector(newInstance())).rejects.toMatchObject(naming('myIp'));
    await expect(driver.get_available_resource(node)).rejects.toMatchObject(naming('localGb'));
    await expect(driver.get_host_uptime()).rejects.toMatchObject({ name: 'NotImplementedError' });
    await driver.cleanup_host(node);

    const told = new DockerDriver({ engine, myIp: '192.0.2.7', localGb: 100 });
    await told.init_host(node);
    await expect(told.get_host_ip_addr()).resolves.toBe('192.0.2.7');
    await expect(told.get_available_resource(node)).resolves.toMatchObject({ local_gb: 100 });
    await told.cleanup_host(node);
    server.close();
  });
});
