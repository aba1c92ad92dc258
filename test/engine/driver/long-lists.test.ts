import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { containerRef, type Engine } from '../../../lib/engine/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';

const MiB = 1024 * 1024;

/** Timeout in milliseconds. Long: an engine reads and writes these labels many times. */
const patience = 300_000;

/** Earlier versions of the driver let containers inherit the labels of their images. */
describe('a compute host whose containers have 66 MiB of labels', () => {
  let harness: Harness;
  let engine: Engine;
  const uuids = Array.from({ length: 17 }, () => randomUUID());

  beforeAll(async () => {
    engine = directEngine();
    harness = await dockerHarness();
    await harness.driver.cache_image(context, harness.image.id);
    for (const uuid of uuids)
      await engine.containers.create({
        name: containerRef(instanceContainerName(uuid)),
        specification: {
          Image: bootReference(harness.image.id),
          Labels: {
            large: 'x'.repeat(3.9 * MiB),
            [label.host]: harness.host,
            [label.instanceUuid]: uuid,
            [label.instanceName]: `instance-${uuid}`,
            [label.imageId]: harness.image.id,
            [label.vcpus]: '1',
            [label.memoryMb]: '64',
            [label.rootGb]: '1',
            [label.powerOn]: 'false',
          },
          HostConfig: { NetworkMode: 'none' },
        },
      });
  }, patience);
  afterAll(async () => {
    for (const uuid of uuids)
      await engine.containers.remove(containerRef(instanceContainerName(uuid)), { force: true });
    engine.close();
    await harness.close();
  }, patience);

  it(
    'lists its instances',
    async () => {
      const listed = await harness.driver.list_instance_uuids();
      expect([...listed].sort()).toEqual([...uuids].sort());
      expect(await harness.driver.list_instances()).toHaveLength(17);
    },
    patience,
  );

  it(
    'reports its resources',
    async () => {
      const { vcpus_used, memory_mb_used } = await harness.driver.get_available_resource(harness.host);
      expect({ vcpus_used, memory_mb_used }).toMatchObject({ vcpus_used: 17 });
    },
    patience,
  );

  it(
    'manages its image cache',
    async () => {
      await harness.driver.manage_image_cache(context, []);
    },
    patience,
  );

  it(
    'restarts and boots an instance',
    async () => {
      const driver = await harness.restart();
      expect(await driver.list_instance_uuids()).toHaveLength(17);
      await harness.boot();
      expect(await driver.list_instance_uuids()).toHaveLength(18);
    },
    patience,
  );
});
