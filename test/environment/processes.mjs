// Processes that a run starts and must end, whatever ends the run itself.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The start time of a live process, in the kernel's ticks: tells a process from a later one with its number. Undefined when it is gone. */
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

/** Starts a command, and keeps what it writes. */
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
 * Runs a command to its end; its output is shown only when it fails. When this process ends, it is interrupted and waited for.
 *
 * @throws Error when this process has begun to end, too: what a cleanup runs, it runs by `runInCleanup`.
 */
export async function run(command, args, options = {}) {
  let started;
  const forget = whenDone(() => interrupt(started));
  // A group of its own: what the command has started hears of Ctrl-C from here, and in whatever way this process is told to end.
  started = start(command, args, { detached: true, ...options });
  try {
    return await started.ended;
  } finally {
    forget();
  }
}

/** Runs a command to its end, as `run` does, also when this process is ending. */
export const runInCleanup = (command, args, options = {}) => start(command, args, options).ended;

/** Does to a command and what it started as Ctrl-C would, and waits for its end. It has a minute: apt ends in the midst of no package. */
async function interrupt({ child, ended }) {
  const tell = (signal) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  const deadline = setTimeout(() => tell('SIGKILL'), 60_000);
  tell('SIGINT');
  // How it failed is told to whoever ran it.
  await Promise.allSettled([ended]);
  clearTimeout(deadline);
}

/** What went wrong stands at the beginning or at the end. */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  return lines.length <= 40 ? lines.join('\n') : [...lines.slice(0, 20), '…', ...lines.slice(-20)].join('\n');
}

/** Starts a daemon in a session of its own, so that Ctrl-C reaches only its owner, who ends it in an orderly way. */
export function startDaemon(command, args, { log, env = process.env }) {
  const output = openSync(log, 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output], env });
  closeSync(output);
  child.unref();
  return child;
}

/** Ends a process: asks, waits, kills. */
export async function end(pid, { patience = 20_000 } = {}) {
  const birth = born(pid);
  if (birth === undefined) return;
  process.kill(pid, 'SIGTERM');
  for (const limit = Date.now() + patience; born(pid) === birth;) {
    if (Date.now() > limit) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

/** The processes of which a file in /proc says what is looked for; those that end meanwhile are none. */
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
 * @param programs how the names of their programs begin.
 */
export function processesOf(folder, programs) {
  return processesWith('cmdline', (line) => {
    const [program, ...words] = line.split('\0');
    const isOne = programs.some((name) => basename(program).startsWith(name));
    return isOne && words.some((word) => word.includes(folder));
  });
}

/** The processes in a control group whose path names one of some containers. */
export function processesInside(containers) {
  return processesWith('cgroup', (groups) => containers.some((id) => groups.includes(id)));
}

const cleanups = new Set();

let cleaning;

/** Whether this process has begun to end. */
export const isEnding = () => cleaning !== undefined;

/**
 * Has something done when this process ends, in whatever way it can hear of; the last first. To be called before what is to be undone is
 * started.
 *
 * @returns what takes it back.
 * @throws Error when this process has begun to end: it starts nothing any more.
 */
export function whenDone(cleanup) {
  if (isEnding()) throw new Error('this run is being ended');
  const entry = { cleanup };
  cleanups.add(entry);
  return () => void cleanups.delete(entry);
}

/** Does all that was left to do; whoever asks while it is being done waits for the same end. */
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
// A pipe or a terminal that is closed: nobody is there any more.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => endWith(1));

/** Runs a program's main function, cleans up after it, and ends with its exit code. */
export async function main(work) {
  let code = 1;
  try {
    code = await work();
  } catch (error) {
    // What fails because the run is being ended is nothing to tell.
    if (!isEnding()) console.error(error.message);
  }
  await cleanUp();
  process.exit(code);
}
