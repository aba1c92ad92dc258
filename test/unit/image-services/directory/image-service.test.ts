import { afterAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryImageService } from '../../../../lib/image-services/index.js';
import { describeImageService } from '../../../images/contract/index.js';

let directory: string;
afterAll(() => rm(directory, { recursive: true, force: true }));

describeImageService('DirectoryImageService', async () => {
  directory = await mkdtemp(join(tmpdir(), 'images-'));
  return {
    service: new DirectoryImageService({ directory: join(directory, 'images') }),
    member: { project_id: 'project-a' },
    other: { project_id: 'project-b' },
    admin: { project_id: 'project-admin', is_admin: true },
  };
});
