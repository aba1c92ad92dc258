import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { dockerHarness } from '../support/docker-harness.js';
import type { Harness } from './contract/harness.js';
import { imageCacheContract } from './contract/image-cache.contract.js';
import { rebuildContract } from './contract/rebuild.contract.js';
import { rescueContract } from './contract/rescue.contract.js';
import { snapshotContract } from './contract/snapshot.contract.js';

// These verbs depend on the engine's image store, so the test run repeats them with each store.

describe('DockerDriver is a ComputeDriver with images and files', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterEach(() => harness.tidy());
  afterAll(() => harness.close());

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
  afterEach(() => harness.tidy());
  afterAll(() => harness.close());

  snapshotContract(() => harness);
});
