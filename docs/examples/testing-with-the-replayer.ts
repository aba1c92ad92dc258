/**
 * Tests an orchestrator without Docker: a recording answers in place of an engine, and a request that was not recorded fails.
 * Record your own with `startRecorder`. In a program of your own, import from 'nova-docker-driver' and 'nova-docker-driver/testing'.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ComputeDriver, Instance } from '../../lib/index.js';
import { DockerDriver, InstanceNotFound } from '../../lib/index.js';
import { startReplayer } from '../../lib/testing/index.js';

const recording = fileURLToPath(new URL('../../fixtures/engine-28.5/list-instances.json', import.meta.url));

/** The orchestrator under test: finds the instances that it expects and that are gone. */
async function missing(driver: ComputeDriver, believed: readonly Instance[]): Promise<string[]> {
  const present = new Set(await driver.list_instance_uuids());
  return believed.filter(({ uuid }) => !present.has(uuid)).map(({ name }) => name);
}

const flavor = { memory_mb: 64, vcpus: 1, root_gb: 1 };
const here: Instance = { uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f', name: 'here', flavor };
const gone: Instance = { uuid: '00000000-0000-4000-8000-000000000000', name: 'gone', flavor };

void test('the orchestrator notices an instance that is gone', async () => {
  // matching: any recorded exchange may answer, in any order.
  const replayer = await startReplayer(recording, { mode: 'matching' });
  try {
    const driver = new DockerDriver({ engine: replayer.host });
    await driver.init_host('node-1');
    assert.deepEqual(await missing(driver, [here, gone]), ['gone']);
    await driver.cleanup_host('node-1');
  } finally {
    // Throws if a request was not recorded.
    await replayer.close();
  }
});

void test('a request that was not recorded fails, and the message says which recorded one is nearest', async () => {
  const replayer = await startReplayer(recording, { mode: 'matching' });
  try {
    const driver = new DockerDriver({ engine: replayer.host });
    await driver.init_host('node-1');
    await assert.rejects(driver.get_info(gone), (error: Error) => {
      console.log(error.message);
      return !(error instanceof InstanceNotFound);
    });
    await driver.cleanup_host('node-1');
  } finally {
    await assert.rejects(replayer.close(), { name: 'ReplayError' });
  }
});
