import { afterAll, beforeAll, describe } from '@jest/globals';
import { twoHosts } from '../support/two-hosts.js';
import { migrationContract } from './contract/migration.contract.js';
import { resizeContract } from './contract/resize.contract.js';
import type { TwoHosts } from './contract/two-hosts.js';

describe('DockerDriver moves instances', () => {
  let hosts: TwoHosts;
  beforeAll(async () => {
    hosts = await twoHosts();
  });
  afterAll(async () => {
    await hosts.close();
  });

  resizeContract(() => hosts);
  migrationContract(() => hosts);
});
