import { afterAll, beforeAll, describe } from '@jest/globals';
import { twoHosts } from '../support/two-hosts.js';
import { migrationContract } from './contract/migration.contract.js';
import { resizeContract } from './contract/resize.contract.js';
import type { TwoHosts } from './contract/two-hosts.js';

describe('DockerDriver.migrate_disk_and_power_off and its counterparts', () => {
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

/** An engine of another version, if the environment names one: instances move between the two. */
const otherEngine = process.env['OTHER_DOCKER_HOST'];
if (otherEngine !== undefined)
  describe('DockerDriver migrations between engines of two versions', () => {
    let hosts: TwoHosts;
    beforeAll(async () => {
      hosts = await twoHosts({ otherEngine });
    });
    afterAll(async () => {
      await hosts.close();
    });

    migrationContract(() => hosts);
  });
