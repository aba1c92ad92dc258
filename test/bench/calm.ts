import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const second = 1000;
const patience = 15 * second;
const calmShare = 0.2;

/** Waits until the CPUs of this machine are mostly idle, for 15 seconds at most. */
export async function calm(): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end;) {
    const before = processorTimes();
    await sleep(second);
    const after = processorTimes();
    if ((after.busy - before.busy) / (after.all - before.all) < calmShare) return;
  }
}

/** CPU time of all CPUs since the machine started, in milliseconds. */
function processorTimes(): { busy: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (fields: readonly (keyof (typeof times)[number])[]): number =>
    times.reduce((total, each) => total + fields.reduce((part, field) => part + each[field], 0), 0);
  const busy = sum(['user', 'nice', 'sys', 'irq']);
  return { busy, all: busy + sum(['idle']) };
}
