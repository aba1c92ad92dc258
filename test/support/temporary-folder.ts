import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is created on first use. */
export function temporaryFolder(): { path: () => Promise<string>; remove: () => Promise<void> } {
  let folder: Promise<string> | undefined;
  return {
    path: () => (folder ??= mkdtemp(join(tmpdir(), 'nova-test-'))),
    remove: async () => {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}
