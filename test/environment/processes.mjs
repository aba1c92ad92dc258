// Processes that a run starts and must end, however the run itself ends.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The start time of a live process in kernel ticks, which reveals a reused pid; else undefined. */
export function born(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return 'ZX'.includes(fields[0]) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Starts a command and collects its output. */
function start(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(' ')} failed (${code}):\n${excerpt(output)}`));
    });
  });
  return { child, ended };
}

/**
 * Runs a command to its end; shows its output only if it fails. When this process ends, it interrupts the
 * command and waits for it.
 *
 * @throws Error if this process has begun to end; a cleanup uses `runInCleanup`.
 */
export async function run(command, args, options = {}) {
  let started;
  const forget = whenDone(() => interrupt(started));
  // In a process group of its own, so that `interrupt` also reaches its children, however this process ends.
  started = start(command, args, { detached: true, ...options });
  try {
    return await started.ended;
  } finally {
    forget();
  }
}

/** Runs a command to its end like `run`, even while this process is ending. */
export const runInCleanup = (command, args, options = {}) => start(command, args, options).ended;

/** Sends SIGINT to a command and its children. Waits a minute: killing apt would break a package. */
async function interrupt({ child, ended }) {
  const signalGroup = (signal) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  const deadline = setTimeout(() => signalGroup('SIGKILL'), 60_000);
  signalGroup('SIGINT');
  // The caller of `run` receives the failure.
  await Promise.allSettled([ended]);
  clearTimeout(deadline);
}

/** The first and the last lines, where commands report what went wrong. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  return lines.length <= 40 ? lines.join('\n') : [...lines.slice(0, 20), '…', ...lines.slice(-20)].join('\n');
}

/** Starts a daemon in a session of its own, so that Ctrl-C reaches only its owner, which ends it in order. */
export function startDaemon(command, args, { log, env = process.env }) {
  const output = openSync(log, 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output], env });
  closeSync(output);
  child.unref();
  return child;
}

/** Ends a process: sends SIGTERM, waits, then sends SIGKILL. */
export async function end(pid, { patience = 20_000 } = {}) {
  const birth = born(pid);
  if (birth === undefined) return;
  process.kill(pid, 'SIGTERM');
  for (const limit = Date.now() + patience; born(pid) === birth;) {
    if (Date.now() > limit) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

/** The processes whose file in /proc matches. Skips those that end meanwhile. */
function processesWith(file, says) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return says(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * The processes whose command line names a folder.
 *
 * @param programs the beginnings of their program names.
 */
export function processesOf(folder, programs) {
  return processesWith('cmdline', (line) => {
    const [program, ...words] = line.split('\0');
    const isOne = programs.some((name) => basename(program).startsWith(name));
    return isOne && words.some((word) => word.includes(folder));
  });
}

/** The processes in a control group whose path names one of the containers. */
export function processesInside(containers) {
  return processesWith('cgroup', (groups) => containers.some((id) => groups.includes(id)));
}

const cleanups = new Set();

let cleaning;

/** Whether this process has begun to end. */
export const isEnding = () => cleaning !== undefined;

/**
 * Registers a cleanup for the end of this process, however it ends; the last one runs first. Call this before
 * starting what the cleanup undoes.
 *
 * @returns a function that removes the cleanup.
 * @throws Error if this process has begun to end, since it starts nothing more.
 */
export function whenDone(cleanup) {
  if (isEnding()) throw new Error('this run is ending');
  const entry = { cleanup };
  cleanups.add(entry);
  return () => void cleanups.delete(entry);
}

/** Runs the remaining cleanups once; concurrent callers wait for the same end. */
export function cleanUp() {
  cleaning ??= (async () => {
    for (const { cleanup } of [...cleanups].reverse()) {
      await cleanup().catch((error) => console.error(`cleaning up: ${error.message}`));
    }
  })();
  return cleaning;
}

const endWith = (code) => void cleanUp().then(() => process.exit(code));

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => endWith(code));
}
process.on('uncaughtException', (error) => {
  console.error(error);
  endWith(1);
});
// A pipe or terminal was closed: the output has no reader any more.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => endWith(1));

/** Runs a program's main function, cleans up after it, and exits with its code. */
export async function main(work) {
  let code = 1;
  try {
    code = await work();
  } catch (error) {
    // Failures that the end of the run causes are not reported.
    if (!isEnding()) console.error(error.message);
  }
  await cleanUp();
  process.exit(code);
}
