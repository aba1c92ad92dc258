import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DirectoryImageService,
  ImageRegistry,
  type ImageRegistryOptions,
  type ImageRecord,
  StaticAccounts,
} from '../../../lib/index.js';
import { RegistryUser } from '../../support/registry-user.js';

/** A registry in front of a folder, with users of two projects. */
export interface Stage {
  readonly registry: ImageRegistry;
  readonly imageService: DirectoryImageService;
  readonly address: string;
  /** Where the blobs of unfinished pushes are. */
  readonly blobFolder: string;
  readonly alice: RegistryUser;
  /** Belongs to another project. */
  readonly bob: RegistryUser;
  readonly nobody: RegistryUser;
  /** All images of the folder. */
  readonly images: () => Promise<ImageRecord[]>;
  readonly close: () => Promise<void>;
}

export const alice = { username: 'alice', password: 'open sesame' };
const bob = { username: 'bob', password: 'bricolage' };

export async function stage(options: Partial<ImageRegistryOptions> = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-test-'));
  const imageService = new DirectoryImageService({ directory: join(folder, 'images') });
  const accounts = new StaticAccounts([
    { ...alice, context: { user_id: 'alice', project_id: 'project-a' } },
    { ...bob, context: { user_id: 'bob', project_id: 'project-b' } },
  ]);
  const blobFolder = join(folder, 'blobs');
  const registry = new ImageRegistry({
    ...{ imageService, accounts, port: 0, folder: blobFolder },
    ...options,
  });
  const address = await registry.start();
  return {
    ...{ registry, imageService, address, blobFolder },
    alice: new RegistryUser(address, alice),
    bob: new RegistryUser(address, bob),
    nobody: new RegistryUser(address, undefined),
    images: () => imageService.detail({}),
    close: async () => {
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
