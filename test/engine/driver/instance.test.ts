import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from 'unixcrypt';
import type { DownloadOptions, RequestContext } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef } from '../../../lib/engine/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import { newFlavor, TestNetwork } from '../../support/nova-objects.js';
import { SmallImageService } from '../../support/small-image-service.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

describe('an instance on an engine', () => {
  let harness: Harness;
  let engine: Engine;
  beforeAll(async () => {
    harness = await dockerHarness();
    engine = directEngine();
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });

  it('has its host name, environment, files, key and user data, and no mount of the host', async () => {
    const { instance, output } = await harness.run(
      'hostname; echo $role; cat /etc/motd /opt/deep/file /root/.ssh/authorized_keys; ' +
        'cat /var/lib/cloud/seed/config_drive/openstack/latest/user_data; stat -c "%a %n" /root/.ssh; echo done; exec sleep 1000',
      {
        hostname: 'web-1',
        metadata: { role: 'frontend' },
        key_data: 'ssh-ed25519 AAAA me',
        user_data: Buffer.from('#cloud-config\n').toString('base64'),
      },
      {
        injected_files: [
          ['/etc/motd', 'welcome\n'],
          ['/opt/deep/file', Buffer.from('bytes\n')],
        ],
      },
    );
    expect(output).toBe(
      'web-1\nfrontend\nwelcome\nbytes\nssh-ed25519 AAAA me\n#cloud-config\n700 /root/.ssh\ndone\n',
    );
    const { Mounts: mounts } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
    expect(mounts).toEqual([]);
  });

  describe('may open as many files', () => {
    const limits = 'echo $(ulimit -Sn) $(ulimit -Hn); echo done; exec sleep 1000';

    it('as its operator says', async () => {
      const bounded = await dockerHarness({ maxOpenFiles: { soft: 300, hard: 2000 } });
      try {
        expect((await bounded.run(limits)).output).toBe('300 2000\ndone\n');
      } finally {
        await bounded.close();
      }
    });

    it('as a service of a machine with systemd, but not more than the driver itself', async () => {
      const own = /^Max open files +\S+ +(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1];
      const hard = Math.min(524_288, Number(own));
      expect((await harness.run(limits)).output).toBe(`1024 ${String(hard)}\ndone\n`);
    });
  });

  describe('whose name is longer than a Linux host name', () => {
    const hostname = `web-1.${['d', 'e', 'f', 'g'].map((letter) => letter.repeat(60)).join('.')}.org`;
    const lookUp = 'hostname; grep web-1 /etc/hosts; echo done; exec sleep 1000';

    it('has the first label as host name and the whole name in /etc/hosts, also after a reboot', async () => {
      const network_info = new TestNetwork();
      const interfaces = network_info.port(7);
      const { instance, output } = await harness.run(lookUp, { hostname }, { network_info: interfaces });
      const said = `web-1\n127.0.1.1\t${hostname}\n${network_info.address(7)}\tweb-1\ndone\n`;
      expect(output).toBe(said);
      await harness.driver.reboot(harness.context, instance, interfaces, 'HARD');
      await eventually('the output is repeated', async () => {
        const all = await harness.driver.get_console_output(harness.context, instance);
        return all === `${said}${said}`;
      });
    });

    it('has the whole name in /etc/hosts without an interface', async () => {
      const { output } = await harness.run(lookUp, { hostname });
      expect(output).toBe(`web-1\n127.0.1.1\t${hostname}\ndone\n`);
    });
  });

  it('has no limits with quotas of 0, and a resize adds and removes limits', async () => {
    const names = ['cpu_shares', 'cpu_period', 'cpu_quota'].concat(
      ['read_bytes', 'write_bytes', 'read_iops', 'write_iops'].map((rate) => `disk_${rate}_sec`),
    );
    const unlimited = newFlavor({
      extra_specs: Object.fromEntries(names.map((name) => [`quota:${name}`, '0'])),
    });
    const limited = newFlavor({ extra_specs: { 'quota:cpu_quota': '50000' } });
    const instance = await harness.boot({ flavor: unlimited });
    const quota = async (): Promise<number> => {
      const { HostConfig: host } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
      return host.CpuQuota;
    };
    expect(await quota()).toBe(-1);
    const { driver, context, image } = harness;
    const migration = {
      uuid: randomUUID(),
      instance_uuid: instance.uuid,
      source_compute: harness.host,
      dest_compute: harness.host,
    };
    const dest = await driver.get_host_ip_addr();
    for (const [from, to, expected] of [
      [unlimited, limited, 50000],
      [limited, unlimited, -1],
    ] as const) {
      const before = { ...instance, flavor: from };
      const after = { ...instance, flavor: to, old_flavor: from };
      const disk_info = await driver.migrate_disk_and_power_off(context, before, dest, to, []);
      await driver.finish_migration(context, migration, after, disk_info, [], image, {
        resize_instance: true,
      });
      await driver.confirm_migration(context, migration, after, []);
      expect(await quota()).toBe(expected);
    }
  });

  it('does not run the health check of its image, which could keep the engine busy', async () => {
    const Healthcheck = {
      Test: ['CMD-SHELL', 'touch /checked'],
      Interval: 1_000_000,
      Timeout: 1_000_000_000,
    };
    const eager = await dockerHarness({}, { Healthcheck });
    try {
      const { output } = await eager.run(
        'sleep 1; test -e /checked && echo checked; echo done; exec sleep 1000',
      );
      expect(output).toBe('done\n');
    } finally {
      await eager.close();
    }
  });

  it.each([
    ['the health check', { Test: ['CMD-SHELL', 'true'], Interval: 60_000_000_000, Retries: 2 }],
    ['the absence of a health check', undefined],
    ['the health check NONE', { Test: ['NONE'] }],
  ])('keeps %s of its image in its snapshots', async (_what, Healthcheck) => {
    const other = await dockerHarness({}, Healthcheck === undefined ? {} : { Healthcheck });
    const { driver, context, imageService } = other;
    try {
      const instance = await other.boot();
      const { id } = await imageService.create(context, { name: 'saved' });
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      await driver.cache_image(context, id);
      const { Config: config } = await engine.images.inspect(bootReference(id));
      expect(config?.Healthcheck).toEqual(Healthcheck);
    } finally {
      await other.close();
    }
  });

  it('has the admin_password in /etc/shadow', async () => {
    const { output } = await harness.run(
      'cat /etc/shadow; echo done; exec sleep 1000',
      {},
      { admin_password: 'sesame' },
    );
    const hash = /^root:([^:]+):/m.exec(output)?.[1] ?? '';
    expect(verify('sesame', hash)).toBe(true);
  });

  it('cannot gain privileges, and has the default capabilities of the engine', async () => {
    const { output } = await harness.run('cat /proc/self/status; echo done; exec sleep 1000');
    expect(output).toMatch(/^NoNewPrivs:\s*1$/m);
    // The engine's default set lacks NET_ADMIN (12), SYS_MODULE (16), SYS_PTRACE (19) and SYS_ADMIN (21).
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(output)?.[1] ?? 'f'}`);
    for (const capability of [12n, 16n, 19n, 21n]) expect((effective >> capability) & 1n).toBe(0n);
  });

  it('cannot have more processes than its flavor allows', async () => {
    const { instance } = await harness.run(
      'echo done; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1000 & done; wait',
      { flavor: newFlavor({ extra_specs: { 'docker:pids_limit': '8' } }) },
    );
    await eventually('the shell reports the limit', async () =>
      (await harness.driver.get_console_output(harness.context, instance)).includes("can't fork"),
    );
  });

  it('has the memory and the processor time of its flavor', async () => {
    const instance = await harness.boot({ flavor: newFlavor({ memory_mb: 48, swap: 16, vcpus: 2 }) });
    const { HostConfig: host } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
    expect(host).toMatchObject({
      Memory: 48 * 1024 * 1024,
      MemorySwap: 64 * 1024 * 1024,
      CpuShares: 2048,
      CpuQuota: 2 * host.CpuPeriod,
      Privileged: false,
    });
  });

  it('is refused a privileged flavor that the operator does not allow, and leaves no container', async () => {
    const before = await harness.driver.list_instance_uuids();
    const flavor = newFlavor({ extra_specs: { 'docker:privileged': 'true' } });
    await expect(harness.boot({ flavor })).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
    await expect(harness.driver.list_instance_uuids()).resolves.toEqual(before);
  });

  it('is destroyed with its network when it is the last in it', async () => {
    const { driver, boot, context } = harness;
    const network = new TestNetwork();
    const [first, second] = await Promise.all([
      boot({}, { network_info: network.port(5) }),
      boot({}, { network_info: network.port(6) }),
    ]);
    const names = async (): Promise<string[]> =>
      (await engine.networks.list({})).map(({ Name: name }) => name);
    await driver.destroy(context, first, network.port(5));
    expect(await names()).toContain(`nova-${network.id}`);
    await driver.destroy(context, second, network.port(6));
    expect(await names()).not.toContain(`nova-${network.id}`);
  });

  it('needs one download of its image for eight concurrent spawns', async () => {
    const imageService = new CountingImageService();
    const other = await dockerHarness({ imageService });
    await Promise.all(Array.from({ length: 8 }, () => other.boot()));
    expect(imageService.downloads).toBe(1);
    await other.close();
  });
});

/** Counts downloads of whole images: the loader may first download ranges, to look for reusable layers. */
class CountingImageService extends SmallImageService {
  downloads = 0;

  override download(
    context: RequestContext,
    image_id: string,
    { range }: DownloadOptions = {},
  ): Promise<Readable> {
    if (range === undefined) this.downloads += 1;
    return super.download(context, image_id);
  }
}
