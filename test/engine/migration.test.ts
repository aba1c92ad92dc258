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

/** An engine of another version, where there is one: instances move between the two. */
const otherEngine = process.env['OTHER_DOCKER_HOST'];
if (otherEngine !== undefined)
  describe('DockerDriver moves instances between engines', () => {
    let hosts: TwoHosts;
    beforeAll(async () => {
      hosts = await twoHosts({ otherEngine });
    });
    afterAll(async () => {
      await hosts.close();
    });

    migrationContract(() => hosts);
  });
