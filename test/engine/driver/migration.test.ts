import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance, Progress } from '../../../interfaces/index.js';
import type { ContainerInspect } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { directEngine, engineHost, hasContainerdStore } from '../../support/engine.js';
import { context, newInstance } from '../../support/nova-objects.js';
import { twoHosts } from '../../support/two-hosts.js';
import { eventually } from '../contract/harness.js';
import { larger, migration } from '../contract/mover.js';
import type { TwoHosts } from '../contract/two-hosts.js';

const megabyte = 1_000_000;
const usesContainerd = await hasContainerdStore();

describe('DockerDriver migration of an instance', () => {
  let there: FaultProxy;
  let hosts: TwoHosts;
  let instance: Instance;
  const engine = directEngine();
  beforeAll(async () => {
    there = await startFaultProxy({ engine: engineHost() });
    hosts = await twoHosts({ route: there.host });
  });
  afterAll(async () => {
    await hosts.close();
    await there.close();
    engine.close();
  });
  beforeEach(async () => {
    instance = await hosts.source.boot();
  });
  afterEach(async () => {
    await hosts.destination.driver.destroy(context, instance, []);
    await hosts.source.driver.destroy(context, instance, []);
  });

  const inspect = (): Promise<ContainerInspect> =>
    engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
  const migrate = async (dest: string, reports: Progress[] = []): Promise<string | null> =>
    await hosts.source.driver.migrate_disk_and_power_off(context, instance, dest, larger, [], {
      onProgress: (progress) => reports.push(progress),
    });
  const finish = async (info: string | null, host: 'source' | 'destination'): Promise<void> => {
    const { driver, image } = hosts[host];
    await driver.finish_migration(
      context,
      migration(instance),
      { ...instance, flavor: larger },
      info,
      [],
      image,
    );
  };
  const sent = (reports: readonly Progress[]): Progress | undefined =>
    reports.filter(({ phase }) => phase === 'transferring').at(-1);

  it('sends only the changes when the destination has the image', async () => {
    const reports: Progress[] = [];
    await finish(await migrate(hosts.addresses.destination, reports), 'destination');
    expect(sent(reports)?.total).toBeLessThan(megabyte);
    expect(sent(reports)?.bytes).toBe(sent(reports)?.total);
  });

  it('sends all layers when the destination lacks the image, and keeps the configuration', async () => {
    const reports: Progress[] = [];
    const before = await inspect();
    const blindness = there.inject({
      method: 'GET',
      path: /\/images\/.*\/json/,
      kind: 'answer',
      status: 404,
      message: 'No such image',
      times: 2,
    });
    const info = await migrate(hosts.addresses.destination, reports);
    expect(blindness.struck()).toHaveLength(2);
    await finish(info, 'destination');
    expect(sent(reports)?.total).toBeGreaterThan(megabyte);
    const { Env, Cmd, Entrypoint, User, WorkingDir, StopSignal, Hostname } = before.Config;
    expect((await inspect()).Config).toMatchObject({
      ...{ Env, Cmd, Entrypoint, User, WorkingDir, Hostname },
      ...(StopSignal === undefined ? {} : { StopSignal }),
    });
    const { RootFS: files } = await engine.images.inspect((await inspect()).Image);
    expect(files.Layers).toHaveLength(1);
  });

  if (usesContainerd)
    it("sends all layers when containerd's store loses the image while it loads the changes", async () => {
      const reports: Progress[] = [];
      // The driver inspects the image before it sends the changes, then the changes, then the image again.
      const loss = there.inject({
        method: 'GET',
        path: /\/images\/.*\/json/,
        kind: 'answer',
        status: 404,
        message: 'No such image',
        nth: 3,
      });
      await finish(await migrate(hosts.addresses.destination, reports), 'destination');
      expect(loss.struck()).toHaveLength(1);
      expect(sent(reports)?.total).toBeGreaterThan(megabyte);
      const { RootFS: files } = await engine.images.inspect((await inspect()).Image);
      expect(files.Layers).toHaveLength(1);
    });

  it('sends the ephemeral disks, and creates the config drive anew', async () => {
    const { driver, image } = hosts.source;
    await driver.destroy(context, instance, []);
    instance = newInstance({ config_drive: 'True', user_data: Buffer.from('#!/bin/sh').toString('base64') });
    const block_device_info = { ephemerals: [{ device_name: '/dev/vdb', size: 1 }] };
    const drive = '/var/lib/cloud/seed/config_drive/openstack/latest';
    const script =
      `ls -l ${drive} | wc -l; grep -c secret ${drive}/meta_data.json; cat /mnt/vdb/kept 2>&1; ` +
      'echo mine > /mnt/vdb/kept; echo done; exec sleep 1000';
    const meta = { ...image, properties: { os_command_line: `sh -c '${script}'` } };
    await driver.spawn(context, instance, meta, { admin_password: 'secret', block_device_info });
    const before = async (): Promise<string> => await driver.get_console_output(context, instance);
    await eventually('the output is complete', async () => (await before()).includes('done'));
    expect(await before()).toMatch(/^6\n1\ncat: .*No such file/);
    const info = await migrate(hosts.addresses.destination);
    const { driver: other } = hosts.destination;
    await other.finish_migration(
      context,
      migration(instance),
      { ...instance, flavor: larger },
      info,
      [],
      meta,
      { block_device_info },
    );
    const after = async (): Promise<string> => await other.get_console_output(context, instance);
    await eventually('the output on the destination is complete', async () =>
      (await after()).includes('done'),
    );
    expect(await after()).toMatch(/^6\n0\nmine\n/);
    const { RootFS: files } = await engine.images.inspect((await inspect()).Image);
    expect(files.Layers.length).toBeGreaterThan(1);
  });

  it("applies the flavor's limits on the same host, and a revert restores the exact old ones", async () => {
    const before = await inspect();
    await engine.containers.update(before.Id, { limits: { PidsLimit: 77, CpuShares: 333 } });
    const { HostConfig: own } = await inspect();
    await finish(await migrate(hosts.addresses.source), 'source');
    const resized = await inspect();
    expect(resized.Id).toBe(before.Id);
    expect(resized.HostConfig).toMatchObject({
      Memory: 96 * 1024 ** 2,
      MemorySwap: 96 * 1024 ** 2,
      CpuShares: 2048,
      CpuQuota: 200_000,
      PidsLimit: 4096,
    });
    await hosts.source.driver.finish_revert_migration(context, instance, [], migration(instance));
    expect((await inspect()).HostConfig).toEqual(own);
  });

  it('hides the old container from its host until the migration is confirmed', async () => {
    await finish(await migrate(hosts.addresses.destination), 'destination');
    const kept = containerRef(`nova-${instance.uuid}.migrated`);
    expect((await engine.containers.inspect(kept)).State.Running).toBe(false);
    await expect(hosts.source.driver.instance_exists(instance)).resolves.toBe(false);
    await (await hosts.source.restart()).cleanup_host(hosts.source.host);
    expect((await engine.containers.inspect(kept)).State.Running).toBe(false);
    await hosts.source.driver.confirm_migration(context, migration(instance), instance, []);
    await expect(engine.containers.inspect(kept)).rejects.toMatchObject({ status: 404 });
  });
});
