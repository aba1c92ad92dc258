import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const second = 1000;
const patience = 15 * second;
const calmShare = 0.2;

/** Waits until the processors of this machine have little to do, but no longer than a quarter of a minute. */
export async function calm(): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end;) {
    const before = processorTimes();
    await sleep(second);
    const after = processorTimes();
    if ((after.busy - before.busy) / (after.all - before.all) < calmShare) return;
  }
}

/** Milliseconds of all processors together since the machine started. */
function processorTimes(): { busy: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (fields: readonly (keyof (typeof times)[number])[]): number =>
    times.reduce((total, each) => total + fields.reduce((part, field) => part + each[field], 0), 0);
  const busy = sum(['user', 'nice', 'sys', 'irq']);
  return { busy, all: busy + sum(['idle']) };
}
