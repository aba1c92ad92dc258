import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { HostCpuStats } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';

/** `/proc/stat` counts in hundredths of a second, whatever the kernel's own tick rate (proc(5), USER_HZ). */
const nanosecondsPerTick = 10_000_000;

/**
 * The time that this machine's processors have spent in each state since boot, in nanoseconds.
 *
 * @throws NovaException when `/proc/stat` cannot be read.
 */
export async function hostCpuStats(): Promise<HostCpuStats> {
  const statistics = await readFile('/proc/stat', 'utf8').catch((cause: unknown) => {
    throw new NovaException('The CPU times of this host cannot be read from /proc/stat', {
      cause,
    });
  });
  const ticks = /^cpu +(.*)$/m.exec(statistics)?.[1]?.split(' ').map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0] = ticks;
  return {
    user: (user + nice) * nanosecondsPerTick,
    kernel: (system + irq + softirq) * nanosecondsPerTick,
    idle: idle * nanosecondsPerTick,
    iowait: iowait * nanosecondsPerTick,
    frequency: cpus()[0]?.speed ?? 0,
  };
}
