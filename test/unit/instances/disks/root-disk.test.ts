import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Flavor, Logger } from '../../../../interfaces/index.js';
import type { ContainerSpecification, Engine } from '../../../../lib/engine/index.js';
import { containerRef, imageReference } from '../../../../lib/engine/index.js';
import { RootDisks } from '../../../../lib/instances/index.js';
import { newFlavor } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { answerJson, FakeEngine } from '../../engine/fake-engine.js';

const specification = {
  Image: imageReference('nova-docker-driver.invalid/image', 'a'),
  HostConfig: { Memory: 1 },
};
const created = (response: ServerResponse): void => {
  answerJson(response, 201, { Id: '0'.repeat(64), Warnings: [] });
};

describe('the size of a root disk', () => {
  let fake: FakeEngine | undefined;
  afterEach(async () => {
    await fake?.stop();
  });

  /** Creates containers of these flavors on an engine with this store; returns the requested sizes. */
  const sizes = async (
    store: { readonly driver: string; readonly status: readonly (readonly [string, string])[] },
    flavors: readonly Flavor[],
    refusal?: string,
    more?: number,
  ): Promise<{ asked: (string | undefined)[]; warnings: string[]; looks: number }> => {
    const asked: (string | undefined)[] = [];
    const warnings: string[] = [];
    const logger: Logger = { ...noOpLogger, warn: (message) => warnings.push(message) };
    let looks = 0;
    fake = await FakeEngine.start((request, response) => {
      if (request.url?.endsWith('/info') === true) {
        looks += 1;
        answerJson(response, 200, { ...info, Driver: store.driver, DriverStatus: store.status });
        return;
      }
      if (refusal !== undefined && asked.at(-1) !== undefined)
        answerJson(response, 500, { message: refusal });
      else created(response);
      request.resume();
    });
    const engine: Engine = fake.client();
    const rootDisks = new RootDisks({ engine, logger });
    await rootDisks.prepare();
    const create = async (bounded: ContainerSpecification): Promise<unknown> => {
      expect(bounded.HostConfig).toMatchObject(specification.HostConfig);
      asked.push(bounded.HostConfig?.StorageOpt?.['size']);
      return await engine.containers.create({ name: containerRef('nova-a'), specification: bounded });
    };
    for (const flavor of flavors)
      await create(rootDisks.bounded(flavor, specification, more)).catch(async (error: unknown) => {
        expect(rootDisks.isRefusal(error)).toBe(true);
        await create(specification);
      });
    return { asked, warnings, looks };
  };

  const twice = [newFlavor({ root_gb: 2 }), newFlavor({ root_gb: 3 })];

  it('is that of the flavor where the store can bound it', async () => {
    const btrfs = await sizes({ driver: 'btrfs', status: [['Build Version', 'Btrfs v6.2']] }, twice);
    expect(btrfs).toEqual({ asked: ['2G', '3G'], warnings: [], looks: 1 });
  });

  it('is that of the flavor and of the copied files in a rescue container', async () => {
    const btrfs = await sizes({ driver: 'btrfs', status: [] }, [newFlavor({ root_gb: 2 })], undefined, 1000);
    expect(btrfs.asked).toEqual([String(2 * 1024 ** 3 + 1000)]);
  });

  it.each([
    ['overlay2', "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"],
    ['btrfs', 'Failed to limit qgroup for &{{{}}}: transport endpoint is not connected'],
  ])(
    'is requested on %s, and no more after a refusal of the engine, with one warning',
    async (driver, refusal) => {
      const store = { driver, status: [['Backing Filesystem', 'xfs']] as const };
      const { asked, warnings } = await sizes(store, twice, refusal);
      expect(asked).toEqual(['2G', undefined, undefined]);
      expect(warnings).toHaveLength(1);
    },
  );

  it.each([
    ['overlay2', [['Backing Filesystem', 'extfs']]],
    ['overlayfs', [['driver-type', 'io.containerd.snapshotter.v1']]],
    ['btrfs', [['driver-type', 'io.containerd.snapshotter.v1']]],
  ] as const)('is not bounded on %s %p, with one warning', async (driver, status) => {
    const { asked, warnings, looks } = await sizes({ driver, status }, twice);
    expect(asked).toEqual([undefined, undefined]);
    expect(warnings).toHaveLength(1);
    expect(looks).toBe(1);
  });

  it('is not bounded when the flavor has no root_gb', async () => {
    const { asked } = await sizes({ driver: 'btrfs', status: [] }, [newFlavor({ root_gb: 0 })]);
    expect(asked).toEqual([undefined]);
  });
});

/** The `/info` of an engine, with the fields that the client requires. */
const info = {
  ...{ ID: 'x', Name: 'node', ServerVersion: '20.10.24', DockerRootDir: '/var/lib/docker', NCPU: 2 },
  ...{ Containers: 0, ContainersRunning: 0, ContainersPaused: 0, ContainersStopped: 0, Images: 0 },
  ...{ MemTotal: 1, MemoryLimit: true, SwapLimit: true, PidsLimit: true, CpuCfsQuota: true },
  ...{ CPUShares: true, CPUSet: true, KernelVersion: '6', OperatingSystem: 'Debian', OSType: 'linux' },
  ...{ Architecture: 'x86_64', CgroupDriver: 'cgroupfs', LoggingDriver: 'json-file' },
  ...{ DefaultRuntime: 'runc', LiveRestoreEnabled: false, Plugins: { Network: [], Volume: [] } },
};
