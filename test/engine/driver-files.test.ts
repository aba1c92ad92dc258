import { afterAll, beforeAll, describe } from '@jest/globals';
import { dockerHarness } from '../support/docker-harness.js';
import type { Harness } from './contract/harness.js';
import { imageCacheContract } from './contract/image-cache.contract.js';
import { rebuildContract } from './contract/rebuild.contract.js';
import { rescueContract } from './contract/rescue.contract.js';
import { snapshotContract } from './contract/snapshot.contract.js';

// The verbs that depend on how the engine keeps images and files: they are tested with each of its stores.

describe('DockerDriver is a ComputeDriver for images and files', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(async () => {
    await harness.close();
  });

  snapshotContract(() => harness);
  imageCacheContract(() => harness);
  rescueContract(() => harness);
  rebuildContract(() => harness);
});

describe('DockerDriver with delta snapshots is a ComputeDriver', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness({ snapshots: 'delta' });
  });
  afterAll(async () => {
    await harness.close();
  });

  snapshotContract(() => harness);
});
