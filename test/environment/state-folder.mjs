// Temporary folders: removed by the run that made them, or by a later run if that one was killed.
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { born, runInCleanup, whenDone } from './processes.mjs';

const ownerOf = (folder) => join(folder, 'owner');

/**
 * Makes a folder of this run.
 *
 * @param prefix the beginning of its name, which distinguishes the kinds of state.
 * @param release ends the processes that use the folder, if any.
 * @returns the folder, and a function that releases and removes it before this run ends.
 */
export async function stateFolder(prefix, release = async () => {}) {
  await removeStale(prefix, release);
  let folder;
  const remove = async () => folder !== undefined && removeFolder(folder, release);
  whenDone(remove);
  folder = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(ownerOf(folder), `${process.pid} ${born(process.pid)}`);
  return { folder, remove };
}

async function removeFolder(folder, release) {
  if (!existsSync(folder)) return;
  await release(folder);
  // Tests make trees deeper than the longest path, which Node cannot remove.
  await runInCleanup('rm', ['-rf', '--', folder]);
}

async function removeStale(prefix, release) {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    if (!existsSync(ownerOf(folder))) continue;
    const [pid, birth] = readFileSync(ownerOf(folder), 'utf8').split(' ');
    if (born(pid) === birth) continue;
    // Another run may be removing it, too.
    await removeFolder(folder, release).catch((error) =>
      console.log(`could not remove ${folder}: ${error.message}`),
    );
  }
}
