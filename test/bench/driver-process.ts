import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Task } from './measured-driver.js';

/** The message of the process after a task. */
const outcome = z.union([
  z.object({ milliseconds: z.number(), cpuMilliseconds: z.number() }),
  z.object({ error: z.string() }),
]);

/** Wall time and CPU time of a task, in milliseconds. */
export type Outcome = Extract<z.output<typeof outcome>, { milliseconds: number }>;

/** A driver in a process of its own, so that its memory can be measured. */
export class DriverProcess {
  readonly #child: ChildProcess;
  #startBytes = 0;

  constructor() {
    const program = fileURLToPath(new URL('measured-driver.js', import.meta.url));
    this.#child = fork(program, { execArgv: ['--enable-source-maps'] });
  }

  /** @throws Error with the failure of the driver. */
  async do(task: Task): Promise<Outcome> {
    const gone = new AbortController();
    const onExit = (): void => gone.abort(new Error("the driver's process has ended"));
    this.#child.once('exit', onExit);
    try {
      const answer = once(this.#child, 'message', { signal: gone.signal });
      this.#child.send(task);
      const [message] = z
        .tuple([outcome])
        .rest(z.unknown())
        .parse(await answer);
      if ('error' in message) throw new Error(message.error);
      return message;
    } finally {
      this.#child.off('exit', onExit);
    }
  }

  /** Starts to measure the growth of the process's memory. */
  async watchMemory(): Promise<void> {
    // The kernel records the peak, without sampling; writing 5 resets it to the current size.
    await writeFile(`/proc/${this.#pid}/clear_refs`, '5');
    this.#startBytes = await this.#memory('VmRSS');
  }

  /** Peak of the resident memory since `watchMemory`, minus its size then, in bytes. */
  async memoryGrowth(): Promise<number> {
    return (await this.#memory('VmHWM')) - this.#startBytes;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error("the driver's process did not start");
    return this.#child.pid;
  }

  async #memory(field: 'VmRSS' | 'VmHWM'): Promise<number> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8');
    const kibibytes = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`the kernel does not tell ${field}`);
    return Number(kibibytes) * 1024;
  }
}
