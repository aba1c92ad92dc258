import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const loader =
  'import{register}from"node:module";import{pathToFileURL}from"node:url";register("ts-node/esm",pathToFileURL("./"))';

/** Starts a separate process that runs one of the worker's tasks. */
export const startWorker = (task: string, directory: string, image = ''): ChildProcess =>
  spawn(
    process.execPath,
    ['--no-warnings', '--import', `data:text/javascript,${loader}`, worker, task, directory, image],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );

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
