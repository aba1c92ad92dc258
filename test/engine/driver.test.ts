import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { dockerHarness } from '../support/docker-harness.js';
import { consoleOutputContract, serialConsoleContract } from './contract/console.contract.js';
import type { Harness } from './contract/harness.js';
import { hostContract } from './contract/host.contract.js';
import { lifeCycleContract } from './contract/life-cycle.contract.js';
import { networkContract } from './contract/network.contract.js';
import { powerContract } from './contract/power.contract.js';
import { usageContract } from './contract/usage.contract.js';

describe('DockerDriver is a ComputeDriver', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterEach(() => harness.tidy());
  afterAll(() => harness.close());

  lifeCycleContract(() => harness);
  powerContract(() => harness);
  networkContract(() => harness);
  hostContract(() => harness);
  usageContract(() => harness);
  consoleOutputContract(() => harness);
});

describe('DockerDriver with serial consoles is a ComputeDriver', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness({ serialConsole: { address: '127.0.0.1' } });
  });
  afterEach(() => harness.tidy());
  afterAll(() => harness.close());

  consoleOutputContract(() => harness);
  serialConsoleContract(() => harness);
});
