import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../../../', import.meta.url));
const compiler = join(project, 'test/environment/transpile.mjs');
const worker = 'test/unit/image-services/directory/worker';

/** Compiles the worker into a folder, once for all processes. */
export function compileWorker(folder: string): void {
  execFileSync(process.execPath, [compiler, join(project, `${worker}.ts`), folder]);
}

/** Starts a separate process that runs one of the tasks of the worker that a folder contains. */
export const startWorker = (folder: string, task: string, directory: string, image = ''): ChildProcess =>
  spawn(process.execPath, [join(folder, `${worker}.js`), task, directory, image], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** Waits until a worker reports that it is in the middle of its task. */
export async function begun({ stdout }: ChildProcess): Promise<void> {
  if (stdout !== null) await once(stdout, 'data');
}

/** Waits for the end of a worker. Returns its exit code, or null if it was killed. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Kills a worker, as a crash would. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}
