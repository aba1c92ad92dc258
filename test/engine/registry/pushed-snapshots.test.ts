import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unchecked } from '../../../lib/common/index.js';
import { DirectoryImageService, DockerDriver, StaticAccounts } from '../../../lib/index.js';
import { hasContainerdStore, inventory, removeImages } from '../../support/engine.js';
import { canServeEngine, engineNetwork } from '../../support/example-registry.js';
import { context, newInstance } from '../../support/nova-objects.js';
import type { Scenario, SnapshotReport } from '../../support/snapshot-with-registry.js';

const MiB = 1024 * 1024;
const host = `pushed-${randomUUID()}`;
/** A tar with a layer of 1 MiB, its headers and the configuration. */
const deltaBytes = 1.2 * MiB;
const files = ['/written 1048576', '/large 5242880'];
const isContainerd = canServeEngine && (await hasContainerdStore());

if (canServeEngine)
  describe('a delta snapshot of a driver with a registry', () => {
    let folder: string;
    let before: unknown;
    let reports: readonly SnapshotReport[];
    const run = async (...scenarios: Scenario[]): Promise<SnapshotReport[]> => {
      const program = ['--import', './docs/examples/register.mjs', 'test/support/snapshot-with-registry.ts'];
      const words = [await engineNetwork(), '--', process.execPath, ...program, folder, host, ...scenarios];
      const env = { ...process.env, TS_NODE_TRANSPILE_ONLY: 'true' };
      const { stdout } = await promisify(execFile)('nsenter', words, { env });
      return stdout
        .trim()
        .split('\n')
        .map((line) => unchecked<SnapshotReport>().parse(JSON.parse(line)));
    };
    beforeAll(async () => {
      before = await inventory();
      folder = await mkdtemp(join(tmpdir(), 'pushed-'));
      reports = await run(
        'counted',
        ...(isContainerd ? (['loopback', 'unreachable', 'silent'] as const) : []),
      );
    }, 600_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('leaves nothing in the engine, nor in the folder of the registry', async () => {
      await expect(inventory()).resolves.toEqual(before);
      for (const { left } of reports) expect(left).toEqual([]);
    });

    if (!isContainerd) {
      it('is exported by an engine with the classic store', () => {
        expect(reports[0]).toMatchObject({
          isDelta: true,
          error: null,
          isWarned: false,
          requests: ['get'],
        });
      });
      return;
    }

    it('is pushed by the engine, which sends only what has changed', () => {
      const [counted] = reports;
      expect(counted).toMatchObject({ isDelta: true, error: null, isWarned: false, requests: ['push'] });
      expect(counted?.pushedBytes).toBeGreaterThan(MiB);
      expect(counted?.pushedBytes).toBeLessThan(deltaBytes);
      expect(counted?.snapshotSize).toBeLessThan(deltaBytes);
      expect(counted?.baseSize).toBeGreaterThan(5 * MiB);
      for (const file of files) expect(counted?.output).toContain(file);
    });

    it('is pushed to a loopback address without further options', () => {
      expect(reports[1]).toMatchObject({
        isDelta: true,
        error: null,
        isWarned: false,
        requests: ['push'],
      });
    });

    it('is exported when the engine cannot reach the registry', () => {
      const { output, ...unreachable } = reports[2] ?? { output: '' };
      expect(unreachable).toMatchObject({
        isDelta: true,
        error: null,
        isWarned: true,
        requests: ['push', 'get'],
      });
      for (const file of files) expect(output).toContain(file);
    });

    it('is aborted while the engine pushes it', () => {
      expect(reports[3]).toMatchObject({ error: 'Error: the operator aborted', requests: ['push'] });
    });

    it('leaves an image when the driver is killed meanwhile, which the next init_host removes', async () => {
      await expect(run('killed')).rejects.toMatchObject({ signal: 'SIGKILL' });
      expect((await inventory()).images.join()).toContain('/nova-docker-driver/snapshot:tmp-');
      const imageService = new DirectoryImageService({ directory: join(folder, 'images') });
      const registry = { accounts: new StaticAccounts([]), port: 0 };
      await using driver = new DockerDriver({ imageService, registry });
      await driver.init_host(host);
      for (const uuid of await driver.list_instance_uuids())
        await driver.destroy(context, newInstance({ uuid }), []);
      await removeImages((await imageService.detail({})).map(({ id }) => id));
      await expect(inventory()).resolves.toEqual(before);
    });
  });
